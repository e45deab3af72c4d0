// My orders, newest first.

import { get, withQuery } from "../api.js";
import { h } from "../dom.js";
import { count, moment, money } from "../format.js";
import { resource, state } from "../states.js";
import { paged } from "../paged.js";
import { personal } from "./needs-session.js";

const TONES = { confirmed: "good", declined: "bad", placed: "warn", paid: "warn" };

export default personal(
  "Your orders",
  ({ signal }) => [
    h("div", { class: "pagehead" }, h("h1", { tabindex: "-1" }, "Your orders")),
    resource({
      signal,
      load: () => get("/api/orders", { signal }),
      render: (first) => (first.items.length ? paged({ first, next: (cursor) => get(withQuery("/api/orders", { cursor }), { signal }), list: h("ul", { class: "plain" }), item: row }) : none()),
    }),
  ],
  { narrow: true },
);

const none = () => state({ title: "No orders yet", text: "Everything you order is listed here, with what became of it.", actions: [h("a", { class: "button primary", href: "/" }, "See what is on")] });

function row({ id, status, seats, total, created_at }) {
  return h(
    "li",
    { class: "line" },
    h("a", { href: `/orders/${id}` }, count(seats.length, "seat"), `: ${seats.join(", ")}`),
    h("span", { class: `chip ${TONES[status] ?? ""}` }, status),
    h("span", { class: "soft small figures" }, moment(created_at)),
    h("span", { class: "figures" }, money(total)),
  );
}
