// For organisers: one show with its performances, how they sell, and a new one.

import { all, get, post } from "../api.js";
import { h, put, s } from "../dom.js";
import { count, longDate, minorUnits, money, shortDate } from "../format.js";
import { confirm, field, form, input } from "../forms.js";
import { again, setTitle } from "../router.js";
import { say } from "../shell.js";
import { block, resource, state } from "../states.js";
import { known } from "../venues.js";
import { momentAt } from "../zoned.js";
import { personal } from "./needs-session.js";

const REFRESH_MS = 5000;

export default personal(
  "Show",
  ({ params, signal }) =>
    resource({
      signal,
      load: () => Promise.all([get(`/api/shows/${params.id}`, { signal }), all("/api/shows", { signal })]),
      render: ([show, shows]) => {
        setTitle(`Organise ${show.title}`);
        const performances = shows.map(({ next_performance }) => next_performance).filter(Boolean);
        return page(show, known([...performances, ...show.performances]), signal);
      },
    }),
  { organiser: true },
);

function page(show, venues, signal) {
  return h(
    "div",
    { class: "stack sections" },
    h("div", { class: "pagehead" }, h("p", null, h("a", { href: "/organise" }, "All shows")), h("h1", { tabindex: "-1" }, show.title), h("p", { class: "lede" }, show.description), h("p", null, h("a", { href: `/shows/${show.id}` }, "See it as customers do"))),
    h("section", { class: "stack", "aria-labelledby": "sales" }, h("h2", { id: "sales" }, "Sales"), show.performances.length ? sales(show, signal) : state({ title: "Nothing to sell yet", text: "Schedule a performance below.", level: "h3" })),
    h("section", { class: "stack narrowish", "aria-labelledby": "schedule" }, h("h2", { id: "schedule" }, "Schedule a performance"), venues.length ? schedule(show, venues) : h("p", null, "First ", h("a", { href: "/organise/venues/new" }, "add a venue"), ".")),
  );
}

/** A row for each performance that follows its seat map. */
function sales(show, signal) {
  const rows = show.performances.map((performance) => ({ performance, cell: h("tbody") }));
  const sum = h("p", { class: "lede figures", role: "status" });
  const states = new Map();

  async function refresh() {
    await Promise.all(rows.map(load));
    if (signal.aborted) return;
    const sold = [...states.values()].reduce((total, { sold }) => total + sold, 0);
    const seats = [...states.values()].reduce((total, { seats }) => total + seats, 0);
    put(sum, `${count(sold, "seat")} sold of ${seats.toLocaleString("en-GB")}: ${revenues(states).join(" and ") || "nothing earned yet"}.`);
  }

  async function load({ performance, cell }) {
    try {
      const { seats } = await get(`/api/performances/${performance.id}/seats`, { signal });
      states.set(performance.id, tally(seats));
      put(cell, row(performance, states.get(performance.id)));
    } catch {
      if (!signal.aborted && !states.has(performance.id)) put(cell, h("tr", null, h("td", { colspan: 7, class: "soft" }, "No numbers at the moment.")));
    }
  }

  for (const { cell } of rows) put(cell, h("tr", null, h("td", { colspan: 7 }, block("100%", "1.6rem"))));
  refresh();
  const timer = setInterval(() => document.hidden || refresh(), REFRESH_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  const heads = ["Performance", "Sold, held and free", "Sold", "Held", "Free", "Revenue"];
  return h(
    "div",
    { class: "stack" },
    sum,
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sales by performance" },
      h(
        "table",
        { class: "sales" },
        h("thead", null, h("tr", null, heads.map((text, at) => h("th", { scope: "col", class: at > 1 ? "right" : null }, text)), h("td"))),
        rows.map(({ cell }) => cell),
      ),
    ),
  );
}

function tally(list) {
  const result = { seats: list.length, sold: 0, held: 0, available: 0, amount: 0, currency: list[0]?.price.currency };
  for (const { state, price } of list) {
    result[state] += 1;
    if (state === "sold") result.amount += price.amount;
  }
  return result;
}

function revenues(states) {
  const sums = new Map();
  for (const { amount, currency } of states.values()) if (amount) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return [...sums].map(([currency, amount]) => money({ amount, currency }));
}

function row(performance, { seats, sold, held, available, amount, currency }) {
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, h("span", { class: "strongish" }, shortDate(performance.starts_at, performance.timezone)), h("br"), `${performance.venue}, ${performance.city}`),
    h("td", { class: "barcell" }, bar({ seats, sold, held, available })),
    [sold, held, available].map((number) => h("td", { class: "right" }, number.toLocaleString("en-GB"))),
    h("td", { class: "right" }, h("strong", null, money({ amount, currency }))),
    h("td", { class: "right" }, performance.cancelled ? h("span", { class: "chip bad" }, "Cancelled") : h("button", { class: "linkish small", type: "button", onclick: () => cancel(performance) }, "Cancel", h("span", { class: "sr" }, ` ${shortDate(performance.starts_at, performance.timezone)}`))),
  );
}

/** Sold solid, held striped, free empty. */
function bar({ seats, sold, held, available }) {
  const width = (number) => (number / Math.max(1, seats)) * 200;
  return s(
    "svg",
    { viewBox: "0 0 200 18", preserveAspectRatio: "none", class: "salesbar", role: "img", "aria-label": `${sold} sold, ${held} held, ${available} free` },
    s("defs", null, s("pattern", { id: "held", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { width: 2.2, height: 5, class: "stripe" }))),
    s("rect", { width: 200, height: 18, class: "free" }),
    s("rect", { width: width(sold), height: 18, class: "sold" }),
    s("rect", { x: width(sold), width: width(held), height: 18, fill: "url(#held)" }),
  );
}

async function cancel(performance) {
  const sure = await confirm({
    title: "Cancel this performance?",
    text: `${longDate(performance.starts_at, performance.timezone)} at ${performance.venue}. All its orders are refunded, and this cannot be undone.`,
    action: "Cancel the performance",
  });
  if (!sure) return;
  try {
    await post(`/api/performances/${performance.id}/cancellation`, undefined, { insist: true });
    say("Cancelled. Customers are told and get their money back.");
    await again();
  } catch (problem) {
    say(problem.message);
  }
}

function schedule(show, venues) {
  const venue = h("select", { name: "venue_id", required: true }, venues.map(({ id, name, city }) => h("option", { value: id }, `${name}, ${city}`)));
  const currency = input("currency", { maxlength: 3, minlength: 3, pattern: "[A-Z]{3}", value: "EUR" });
  const prices = h("div", { class: "columns" });
  const chosen = () => venues.find(({ id }) => id === venue.value);

  function drawPrices() {
    const { zones, currency: usual, prices: last } = chosen();
    if (usual) currency.value = usual;
    put(prices, zones.map((zone, at) => field(`Price, ${zone}`, input(`price-${at}`, { type: "number", min: 0, step: "any", value: last ? last[zone].amount / minorUnits(usual) : "" }))));
  }

  venue.addEventListener("change", drawPrices);
  drawPrices();
  return form({
    fields: [
      h("div", { class: "columns" }, field("Venue", venue), field("Starts", input("starts_at", { type: "datetime-local" }), { hint: "By the clock of the venue." }), field("Currency", currency)),
      prices,
    ],
    action: "Put it on sale",
    send: async (values) => {
      const { zones, timezone } = chosen();
      const unit = minorUnits(values.currency);
      const price = (at) => ({ amount: Math.round(Number(values[`price-${at}`]) * unit), currency: values.currency });
      await post(`/api/shows/${show.id}/performances`, {
        venue_id: values.venue_id,
        starts_at: momentAt(values.starts_at, timezone),
        prices: Object.fromEntries(zones.map((zone, at) => [zone, price(at)])),
      });
      say("On sale.");
      await again();
    },
  });
}
