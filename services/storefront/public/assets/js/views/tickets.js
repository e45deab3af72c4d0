// My tickets: what is to come first, then what was.

import { all, get } from "../api.js";
import { h } from "../dom.js";
import { block, resource, state } from "../states.js";
import { personal } from "./needs-session.js";
import { ticketStub } from "./ticket-stub.js";

export default personal("Your tickets", ({ signal }) => [
  h("div", { class: "pagehead spread" }, h("h1", { tabindex: "-1" }, "Your tickets"), h("a", { href: "/orders" }, "All orders")),
  resource({
    signal,
    load: () => load(signal),
    skeleton: h("div", { class: "stubs" }, block("100%", "13rem"), block("100%", "13rem")),
    render,
  }),
]);

async function load(signal) {
  const tickets = await all("/api/tickets", { signal });
  const ids = [...new Set(tickets.map((ticket) => ticket.performance_id))];
  const performances = await Promise.all(ids.map((id) => get(`/api/performances/${id}`, { signal }).catch(() => null)));
  const places = new Map(ids.map((id, at) => [id, performances[at]]));
  return tickets.map((ticket) => ({ ticket, performance: places.get(ticket.performance_id) }));
}

function render(list) {
  if (!list.length) {
    const browse = h("a", { class: "button primary", href: "/" }, "See what is on");
    return state({ title: "No tickets yet", text: "When you buy some, they wait here with the codes for the door.", actions: [browse] });
  }
  const byDate = list.toSorted((a, b) => a.ticket.starts_at.localeCompare(b.ticket.starts_at) || a.ticket.seat.localeCompare(b.ticket.seat));
  const isComing = ({ ticket }) => ticket.state !== "void" && Date.parse(ticket.starts_at) > Date.now() - 6 * 3600_000;
  const stubs = (some) => h("div", { class: "stubs" }, some.map(({ ticket, performance }) => ticketStub(ticket, performance)));
  const [coming, past] = [byDate.filter(isComing), byDate.filter((one) => !isComing(one))];
  return h(
    "div",
    { class: "stack" },
    h("h2", null, "To come"),
    coming.length ? stubs(coming) : h("p", { class: "soft" }, "Nothing at the moment."),
    past.length > 0 && [h("h2", { class: "later" }, "Past and void"), stubs(past)],
  );
}
