// One order, live: placed, paid, confirmed, or how else it ended.

import { get, post } from "../api.js";
import { h, put } from "../dom.js";
import { listed, longDate, moment, money } from "../format.js";
import { confirm } from "../forms.js";
import { follow } from "../live.js";
import { say } from "../shell.js";
import { resource } from "../states.js";
import { personal } from "./needs-session.js";
import { ticketStub } from "./ticket-stub.js";

const OVER = ["confirmed", "declined", "cancelled", "refunded"];
const TICKET_TRIES = 20;
const TICKET_PAUSE_MS = 600;

const HEADINGS = {
  placed: ["We have your order.", "Your bank is being asked. You can stay here or go: it carries on without you."],
  paid: ["Paid.", "Your seats are being put in your name."],
  confirmed: ["See you there.", "Your tickets are below, and on their way to your mailbox."],
  declined: ["The payment was declined.", "You were not charged, and the seats are free again. Another card may do."],
  cancelled: ["This order was cancelled.", "What you have paid goes back to you."],
  refunded: ["Your money is on its way back.", "Depending on your bank it takes a few days until you see it."],
};

const STEPS = {
  "order.placed": "Order taken",
  "order.paid": "Payment received",
  "order.confirmed": "Seats yours",
  "order.declined": "Payment declined",
  "order.cancelled": "Cancelled",
  "order.refunded": "Money sent back",
};

const REASONS = {
  "card-declined": "the bank did not accept it",
  "unknown-token": "the card was not recognised",
  customer: "by you",
  "seats-lost": "the hold had run out and somebody else has the seats",
  "performance-cancelled": "the performance does not take place",
};

export default personal("Your order", ({ params, signal }) =>
  resource({
    signal,
    load: async () => {
      const [order, history] = await Promise.all([get(`/api/orders/${params.id}`, { signal }), get(`/api/orders/${params.id}/history`, { signal })]);
      return { order, history, performance: await get(`/api/performances/${order.performance_id}`, { signal }) };
    },
    render: (data) => live(data, signal),
  }),
);

function live({ order, history, performance }, signal) {
  const path = `/api/orders/${order.id}`;
  const headline = h("div", { class: "stack", role: "status" });
  const steps = h("ol", { class: "steps" });
  const tickets = h("div", { class: "stubs" });
  const actions = h("div", { class: "row noprint" });

  function draw() {
    const [title, text] = HEADINGS[order.status] ?? [order.status, ""];
    put(headline, h("h1", { tabindex: "-1" }, title), h("p", { class: "lede" }, text));
    put(steps, timeline(order, history.items));
    put(actions, buttons({ order, performance, cancel }));
    if (order.status === "confirmed") showTickets();
    else put(tickets);
  }

  async function changed(next) {
    const news = next.status !== order.status;
    order = next;
    if (!news) return;
    try {
      history = await get(`${path}/history`, { signal });
    } catch {
      // the next change brings it
    }
    if (!signal.aborted) draw();
    if (order.status === "cancelled") waitForRefund();
  }

  function listen() {
    const close = follow(path + "/stream", {
      signal,
      events: {
        order: (next) => {
          changed(next);
          if (OVER.includes(next.status)) close();
        },
      },
      onRefused: () => get(path, { signal }).then(changed, () => {}),
    });
  }

  /** The stream ends with `cancelled`; the refund follows a moment later. */
  async function waitForRefund() {
    for (let round = 0; round < TICKET_TRIES && order.status === "cancelled" && !signal.aborted; round += 1) {
      await pause(TICKET_PAUSE_MS * 2);
      const next = await get(path, { signal }).catch(() => order);
      if (next.status !== "cancelled") await changed(next);
    }
  }

  /** Tickets are issued right after the confirmation, by another service. */
  async function showTickets() {
    put(tickets, h("p", { class: "soft" }, "Printing your tickets …"));
    for (let round = 0; round < TICKET_TRIES && !signal.aborted; round += 1) {
      const { items } = await get("/api/tickets?limit=100", { signal }).catch(() => ({ items: [] }));
      const mine = items.filter((ticket) => ticket.order_id === order.id);
      if (mine.length >= order.seats.length) {
        put(tickets, mine.map((ticket) => ticketStub(ticket, performance)));
        return;
      }
      await pause(TICKET_PAUSE_MS);
    }
    put(tickets, h("p", null, "Your tickets take a little longer. They will be under ", h("a", { href: "/tickets" }, "Tickets"), "."));
  }

  async function cancel() {
    const yes = await confirm({
      title: "Cancel this order?",
      text: `Your tickets for ${performance.show} stop being valid, and ${money(order.total)} goes back to you.`,
      action: "Cancel the order",
    });
    if (!yes) return;
    try {
      await changed(await post(`${path}/cancellation`, undefined));
      listen();
    } catch (problem) {
      say(problem.message);
    }
  }

  draw();
  if (!OVER.includes(order.status)) listen();
  else if (order.status === "cancelled") waitForRefund();
  return h(
    "div",
    { class: "orderpage" },
    headline,
    h(
      "div",
      { class: "orderfacts" },
      h("section", { class: "stack", "aria-label": "What happened" }, steps, actions),
      h(
        "section",
        { class: "card stack", "aria-label": "What you ordered" },
        h("h2", null, h("a", { href: `/shows/${performance.show_id}` }, performance.show)),
        h("p", { class: "soft figures" }, longDate(performance.starts_at, performance.timezone), h("br"), `${performance.venue}, ${performance.city}`),
        h("p", { class: "spread" }, h("span", null, order.seats.length === 1 ? "Seat " : "Seats ", h("span", { class: "mono" }, listed(order.seats))), h("strong", { class: "figures" }, money(order.total))),
        h("p", { class: "small soft" }, "Order ", h("span", { class: "mono" }, order.id)),
      ),
    ),
    tickets,
  );
}

/** What has happened, and, while the order is under way, what comes next. */
function timeline(order, items) {
  const start = Date.parse(items[0]?.at);
  const done = items.map(({ type, at, data }, n) =>
    h(
      "li",
      { class: /declined|cancelled/.test(type) ? "done bad" : "done" },
      h("span", { class: "stepname" }, STEPS[type] ?? type),
      h("span", { class: "soft small figures" }, n ? `${since(Date.parse(at) - start)} later` : moment(at), data.reason && REASONS[data.reason] ? ` · ${REASONS[data.reason]}` : ""),
    ),
  );
  const next = { placed: ["order.paid", "order.confirmed"], paid: ["order.confirmed"], cancelled: ["order.refunded"] }[order.status] ?? [];
  const wasPaid = items.some(({ type }) => type === "order.paid");
  const ahead = order.status === "cancelled" && !wasPaid ? [] : next;
  return [...done, ...ahead.map((type, n) => h("li", { class: n ? "ahead" : "ahead now" }, h("span", { class: "stepname" }, STEPS[type])))];
}

const since = (ms) => (ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);

function buttons({ order, performance, cancel }) {
  const begun = Date.parse(performance.starts_at) < Date.now();
  if (order.status === "declined" || order.status === "refunded") {
    return h("a", { class: "button primary", href: `/performances/${order.performance_id}` }, "Choose seats again");
  }
  if (order.status === "cancelled" || begun) return null;
  return h("button", { class: "linkish", type: "button", onclick: cancel }, "Cancel this order");
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
