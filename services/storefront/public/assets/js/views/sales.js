// Sales at a glance: for each performance what is sold, held and free, and what it has earned, as it changes.

import { get, post } from "../api.js";
import { h, put, s } from "../dom.js";
import { count, longDate, money, shortDate } from "../format.js";
import { confirm } from "../forms.js";
import { again } from "../router.js";
import { say } from "../shell.js";
import { block } from "../states.js";

const REFRESH_MS = 5000;
const HEADS = ["Sold", "Held", "Free", "Revenue"];

/** A row for each performance of `show` that follows its seat map. */
export function sales(show, signal) {
  const rows = show.performances.map((performance) => ({ performance, cell: h("tbody", null, h("tr", null, h("td", { colspan: 7 }, block("100%", "1.6rem")))) }));
  const sum = h("p", { class: "lede figures", role: "status" });
  const tallies = new Map();

  async function refresh() {
    await Promise.all(rows.map(load));
    if (signal.aborted) return;
    const all = [...tallies.values()];
    const most = Math.max(1, ...all.map(({ worth }) => worth));
    for (const { performance, cell } of rows) put(cell, tallies.has(performance.id) ? row(performance, tallies.get(performance.id), most) : noNumbers());
    const sold = all.reduce((total, each) => total + each.sold, 0);
    const seats = all.reduce((total, each) => total + each.seats, 0);
    put(sum, `${count(sold, "seat")} sold of ${seats.toLocaleString("en-GB")}: ${revenues(all).join(" and ") || "nothing earned yet"}.`);
  }

  async function load({ performance: { id } }) {
    try {
      const { seats } = await get(`/api/performances/${id}/seats`, { signal });
      tallies.set(id, tally(seats));
    } catch {
      // what was there before stays
    }
  }

  refresh();
  const timer = setInterval(() => document.hidden || refresh(), REFRESH_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return h(
    "div",
    { class: "stack" },
    sum,
    legend(),
    h(
      "table",
      { class: "sales" },
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Performance"), h("th", { scope: "col" }, "Seats"), HEADS.map((text) => h("th", { scope: "col", class: "right" }, text)), h("td"))),
      rows.map(({ cell }) => cell),
    ),
  );
}

const noNumbers = () => h("tr", null, h("td", { colspan: 7, class: "soft" }, "No numbers at the moment."));

/** `worth` is what the house brings when it is full. */
function tally(list) {
  const result = { seats: list.length, sold: 0, held: 0, available: 0, amount: 0, worth: 0, currency: list[0]?.price.currency };
  for (const { state, price } of list) {
    result[state] += 1;
    result.worth += price.amount;
    if (state === "sold") result.amount += price.amount;
  }
  return result;
}

function revenues(tallies) {
  const sums = new Map();
  for (const { amount, currency } of tallies) if (amount) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return [...sums].map(([currency, amount]) => money({ amount, currency }));
}

function row(performance, { seats, sold, held, available, amount, worth, currency }, most) {
  const date = shortDate(performance.starts_at, performance.timezone);
  const price = (minor) => money({ amount: minor, currency });
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, h("span", { class: "strongish" }, date), h("br"), `${performance.venue}, ${performance.city}`),
    h("td", { class: "barcell" }, bar({ sold, held, seats }, `${sold} sold, ${held} held, ${available} free`)),
    [sold, held, available].map((number, at) => h("td", { class: "right", "data-head": HEADS[at] }, number.toLocaleString("en-GB"))),
    h("td", { class: "right revenue", "data-head": HEADS[3] }, h("strong", null, price(amount)), earned({ amount, worth, most }, `${price(amount)} of ${price(worth)}`)),
    h("td", { class: "right" }, performance.cancelled ? h("span", { class: "chip bad" }, "Cancelled") : h("button", { class: "linkish small", type: "button", onclick: () => cancel(performance) }, "Cancel", h("span", { class: "sr" }, ` ${date}`))),
  );
}

const LONG = 200;

const chart = (name, words, ...parts) =>
  s("svg", { viewBox: `0 0 ${LONG} 18`, preserveAspectRatio: "none", class: `salesbar ${name}`, role: "img", "aria-label": words }, parts);

const part = (name, x, width) => s("rect", { x, width, height: 18, class: name });

/** Sold solid, held striped, free empty. */
function bar({ sold, held, seats }, words) {
  const length = (number) => (number / Math.max(1, seats)) * LONG;
  return chart("seatbar", words, part("free", 0, LONG), part("sold", 0, length(sold)), stripes(length(sold), length(held)));
}

/** What was earned, in the frame of what the house is worth; all performances have one scale. */
function earned({ amount, worth, most }, words) {
  const length = (minor) => (minor / most) * LONG;
  return chart("earned", words, part("free", LONG - length(worth), length(worth)), part("sold", LONG - length(worth), length(amount)));
}

const stripes = (x, width) =>
  s("g", { class: "held" }, s("rect", { x, width, height: 18, class: "free" }), Array.from({ length: Math.ceil(width / 4) }, (_, at) => s("rect", { x: x + at * 4, width: Math.min(2, width - at * 4), height: 18, class: "sold" })));

function legend() {
  const entry = (words, ...parts) => h("li", null, chart("key", "", parts), words);
  return h("ul", { class: "legend", "aria-hidden": "true" }, entry("Sold", part("sold", 0, LONG)), entry("Held", part("free", 0, LONG), [0, 1, 2, 3].map((at) => part("sold", at * 50, 25))), entry("Free", part("free", 0, LONG)));
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
