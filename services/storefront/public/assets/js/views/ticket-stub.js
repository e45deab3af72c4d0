// A ticket as it looks: notched paper, a seat, a code for the door.

import { url } from "../api.js";
import { h } from "../dom.js";
import { longDate } from "../format.js";

/** `performance` tells where; without it the ticket tells only when. */
export function ticketStub(ticket, performance, { large = false } = {}) {
  const isVoid = ticket.state === "void";
  return h(
    "article",
    { class: `stub ticket${isVoid ? " void" : ""}${large ? " large" : ""}`, "aria-label": `Ticket for ${ticket.show}, seat ${ticket.seat}` },
    h(
      "div",
      { class: "stubmain" },
      h("p", { class: "label" }, isVoid ? "No longer valid" : "Admit one"),
      h(large ? "h1" : "h3", large ? { tabindex: "-1" } : null, large ? ticket.show : h("a", { href: `/tickets/${ticket.id}` }, ticket.show)),
      h("p", { class: "figures" }, longDate(ticket.starts_at, performance?.timezone)),
      performance && h("p", { class: "soft" }, `${performance.venue}, ${performance.city}`),
      h("p", { class: "seatline" }, h("span", { class: "label" }, "Seat"), h("span", { class: "mono big" }, ticket.seat)),
    ),
    h(
      "div",
      { class: "stubside" },
      isVoid
        ? h("p", { class: "voided" }, "Void")
        : h("img", { class: "code", src: url(`/api/tickets/${ticket.id}/qr.svg`), alt: `QR code of this ticket, ${ticket.code}`, width: 160, height: 160, loading: "lazy" }),
      large && h("p", { class: "mono small codetext" }, ticket.code),
    ),
  );
}
