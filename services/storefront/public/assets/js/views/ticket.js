// One ticket, large: for the phone at the door, or for paper.

import { get } from "../api.js";
import { h } from "../dom.js";
import { setTitle } from "../router.js";
import { block, resource } from "../states.js";
import { personal } from "./needs-session.js";
import { ticketStub } from "./ticket-stub.js";

export default personal(
  "Ticket",
  ({ params, signal }) =>
    resource({
      signal,
      load: async () => {
        const ticket = await get(`/api/tickets/${params.id}`, { signal });
        return [ticket, await get(`/api/performances/${ticket.performance_id}`, { signal }).catch(() => null)];
      },
      skeleton: block("100%", "22rem"),
      render: ([ticket, performance]) => {
        setTitle(`Ticket for ${ticket.show}`);
        return h(
          "div",
          { class: "stack" },
          ticketStub(ticket, performance, { large: true }),
          h(
            "p",
            { class: "row noprint" },
            h("button", { class: "button", type: "button", onclick: () => print() }, "Print"),
            h("a", { href: `/orders/${ticket.order_id}` }, "The order"),
            h("a", { href: "/tickets" }, "All tickets"),
          ),
        );
      },
    }),
  { narrow: true },
);
