// For organisers: one show, how its performances sell, and a new performance.

import { get, post } from "../api.js";
import { h, put } from "../dom.js";
import { minorUnits } from "../format.js";
import { field, form, input } from "../forms.js";
import { again, setTitle } from "../router.js";
import { say } from "../shell.js";
import { resource, state } from "../states.js";
import { venuesOf } from "../venues.js";
import { momentAt } from "../zoned.js";
import { personal } from "./needs-session.js";
import { sales } from "./sales.js";

export default personal(
  "Show",
  ({ params, signal }) =>
    resource({
      signal,
      load: async () => {
        const show = await get(`/api/shows/${params.id}`, { signal });
        return [show, await venuesOf(show.performances, { signal })];
      },
      render: ([show, venues]) => {
        setTitle(`Organise ${show.title}`);
        return page(show, venues, signal);
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
