// For organisers: a venue with its seating plan, drawn while it is written.

import { post } from "../api.js";
import { countries } from "../countries.js";
import { h, put } from "../dom.js";
import { count } from "../format.js";
import { field, form, input } from "../forms.js";
import { seatmap } from "../seatmap/seatmap.js";
import { go } from "../router.js";
import { say } from "../shell.js";
import { personal } from "./needs-session.js";

const MOST_SEATS = 5000;
const PAUSE_MS = 300;

export default personal(
  "A new venue",
  () => [
    h("div", { class: "pagehead" }, h("p", null, h("a", { href: "/organise" }, "All shows")), h("h1", { tabindex: "-1" }, "A new venue")),
    editor(),
  ],
  { organiser: true },
);

function editor() {
  const preview = h("div", { class: "stack" });
  const list = h("div", { class: "stack" });
  const zones = [];
  let timer;

  function add(values = { name: "", rows: 5, seats: 10 }) {
    const number = zones.length + 1;
    const zone = {
      name: input(`zone-${number}`, { maxlength: 120, value: values.name }),
      rows: input(`rows-${number}`, { type: "number", min: 1, max: 500, value: values.rows }),
      seats: input(`seats-${number}`, { type: "number", min: 1, max: 500, value: values.seats }),
    };
    zones.push(zone);
    list.append(
      h("fieldset", { class: "card stack" }, h("legend", { class: "label" }, `Zone ${number}`), h("div", { class: "columns" }, field("Name", zone.name), field("Rows", zone.rows), field("Seats in a row", zone.seats))),
    );
  }

  function draw() {
    const plan = planOf(zones);
    const seats = plan.flatMap(({ name, rows }) => rows.flatMap((row) => Array.from({ length: row.seats }, (_, at) => ({ label: `${row.name}${at + 1}`, zone: name || "Zone", state: "available", price: { amount: 0, currency: "EUR" } }))));
    if (!seats.length || seats.length > MOST_SEATS) {
      put(preview, h("p", { class: "note warn" }, `A venue has 1 to ${MOST_SEATS.toLocaleString("en-GB")} seats.`));
      return;
    }
    const map = seatmap(seats, { onToggle: () => {}, onRefuse: () => {} });
    put(preview, map.node, h("p", { class: "soft", role: "status" }, count(seats.length, "seat")));
  }

  add({ name: "Stalls", rows: 8, seats: 16 });
  add({ name: "Balcony", rows: 4, seats: 18 });
  draw();

  const zone = h("input", { name: "timezone", required: true, list: "timezones", value: Intl.DateTimeFormat().resolvedOptions().timeZone });
  const node = form({
    fields: [
      h("div", { class: "columns" }, field("Name", input("name", { maxlength: 120 })), field("City", input("city", { maxlength: 120 }))),
      h(
        "div",
        { class: "columns" },
        field("Country", h("select", { name: "country", required: true }, h("option", { value: "" }, "Choose"), countries().map(([code, name]) => h("option", { value: code }, name)))),
        field("Time zone", zone, { hint: "Such as Europe/Dublin." }),
        h("datalist", { id: "timezones" }, (Intl.supportedValuesOf?.("timeZone") ?? []).map((value) => h("option", { value }))),
      ),
      h("h2", null, "Seats"),
      list,
      h("p", null, h("button", { class: "button little", type: "button", onclick: () => (add(), draw()) }, "Another zone")),
    ],
    action: "Add the venue",
    send: async ({ name, city, country, timezone }) => {
      const venue = await post("/api/venues", { name, city, country, timezone, zones: planOf(zones) });
      say(`${venue.name} is open. Schedule a performance there.`);
      await go("/organise");
    },
  });
  node.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, PAUSE_MS);
  });
  return h("div", { class: "halves" }, node, preview);
}

/** Zones as the API takes them; rows are called A, B … Z, AA, AB … through the whole house. */
function planOf(zones) {
  let next = 0;
  return zones.map(({ name, rows, seats }) => ({
    name: name.value.trim(),
    rows: Array.from({ length: Math.min(500, Number(rows.value) || 0) }, () => ({ name: letters(next++), seats: Math.min(500, Number(seats.value) || 0) })),
  }));
}

const letters = (number) => (number < 26 ? "" : letters(Math.floor(number / 26) - 1)) + String.fromCharCode(65 + (number % 26));
