// Paying for the seats that are held, while the clock runs.

import { get, post } from "../api.js";
import { h, put, uid } from "../dom.js";
import { clock, count, listed, longDate, money } from "../format.js";
import * as hold from "../hold.js";
import { go } from "../router.js";
import { say } from "../shell.js";
import { state } from "../states.js";

const HURRY_SECONDS = 60;

const TOKENS = [
  ["tok_visa", "A card that pays", "Taken at once."],
  ["tok_slow", "A slow bank", "Pays after three seconds: watch the order wait, and everything else go on."],
  ["tok_flaky", "A shaky line", "Fails twice and then pays. You are charged once."],
  ["tok_declined", "A card that is declined", "You are not charged, and the seats go back."],
];

export default function checkout({ signal }) {
  const page = h("div", { class: "page" });
  const held = hold.current();
  put(page, held ? payment(held, page, signal) : over());
  if (held) check(held, page, signal);
  return { title: "Payment", node: page };
}

/** The server knows better than this tab whether the hold is still there. */
async function check(held, page, signal) {
  try {
    await get(`/api/holds/${held.id}`, { signal });
  } catch (problem) {
    if (signal.aborted || problem.status !== 404) return;
    hold.forget();
    put(page, over(held));
  }
}

function over(held) {
  const again = held && h("a", { class: "button primary", href: `/performances/${held.performance_id}` }, "Choose seats again");
  const title = held ? "Your time is up" : "No seats are held for you";
  const text = held ? "The seats are free for everybody again. They may still be there." : "Seats wait here for eight minutes after you chose them.";
  return state({ level: "h1", title, text, actions: [again, h("a", { class: "button", href: "/" }, "See what is on")].filter(Boolean) });
}

function payment(held, page, signal) {
  const time = h("span", { class: "countdown" });
  const spoken = h("p", { class: "sr", role: "status" });
  const trouble = h("div", { class: "note bad", role: "alert", hidden: true });
  const pay = h("button", { class: "button primary wide", type: "submit" }, `Pay ${money(held.total)}`);

  function tick() {
    const left = hold.secondsLeft(held);
    if (left <= 0) {
      clearInterval(timer);
      hold.forget();
      put(page, over(held));
      page.querySelector("h1")?.focus();
      return;
    }
    put(time, clock(left));
    time.classList.toggle("hurry", left < HURRY_SECONDS);
    if ([300, 60, 30].includes(Math.ceil(left))) put(spoken, `${clock(left)} minutes left`);
  }

  const timer = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  tick();

  async function submitted(event) {
    event.preventDefault();
    if (pay.getAttribute("aria-busy") === "true") return;
    const token = new FormData(event.target).get("token");
    pay.setAttribute("aria-busy", "true");
    trouble.hidden = true;
    try {
      const order = await post("/api/orders", { hold_id: held.id, payment_token: token }, { key: hold.orderKey(held, token) });
      clearInterval(timer);
      hold.forget();
      await go(`/orders/${order.id}`, { replace: true });
    } catch (problem) {
      if (problem.slug === "hold-expired" || problem.slug === "hold-used") {
        clearInterval(timer);
        hold.forget();
        put(page, over(held));
        return;
      }
      trouble.hidden = false;
      put(trouble, problem.message);
    } finally {
      pay.setAttribute("aria-busy", "false");
    }
  }

  async function letGo() {
    clearInterval(timer);
    await hold.release();
    say("The seats are free again.");
    await go(`/performances/${held.performance_id}`, { replace: true });
  }

  return h(
    "div",
    { class: "checkout" },
    h(
      "div",
      { class: "stack" },
      h("h1", { tabindex: "-1" }, "Nearly yours."),
      spoken,
      h(
        "form",
        { class: "form", onsubmit: submitted },
        h(
          "fieldset",
          { class: "tokens" },
          h("legend", null, h("h2", null, "Pay with"), h("p", { class: "soft" }, "No money moves here. These test cards show what can happen to a payment.")),
          TOKENS.map(tokenChoice),
        ),
        trouble,
        pay,
      ),
      h("p", null, h("button", { class: "linkish", type: "button", onclick: letGo }, "Let the seats go")),
    ),
    h(
      "aside",
      { class: "stub heldstub", "aria-label": "What you are buying" },
      h(
        "div",
        { class: "stubmain" },
        h("h2", null, held.show),
        h("p", { class: "soft" }, longDate(held.starts_at, held.timezone)),
        h("p", { class: "soft" }, `${held.venue}, ${held.city}`),
        h("p", null, h("span", { class: "label" }, held.seats.length === 1 ? "Seat" : "Seats"), h("span", { class: "mono big" }, held.seats.join(" "))),
      ),
      h(
        "div",
        { class: "stubside" },
        h("p", null, h("span", { class: "label" }, "Held for"), time),
        h("p", null, h("span", { class: "label" }, count(held.seats.length, "seat")), h("strong", { class: "figures" }, money(held.total))),
      ),
      h("p", { class: "sr" }, `Seats ${listed(held.seats)}`),
    ),
  );
}

function tokenChoice([token, name, text], at) {
  const id = uid("token");
  return h(
    "div",
    { class: "token" },
    h("input", { type: "radio", name: "token", id, value: token, checked: at === 0 }),
    h("label", { for: id }, h("span", { class: "tokenname" }, name), h("span", { class: "soft small" }, text), h("code", { class: "mono small soft" }, token)),
  );
}
