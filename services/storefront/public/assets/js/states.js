// What stands in the place of data: while it loads, when there is none, when it cannot come.

import { h, put, s } from "./dom.js";

/**
 * A place that loads: shows `skeleton`, then what `render(data)` makes; `error` states have a way to try again.
 * `load(signal)` may be slow; nothing is shown for a view that is gone.
 */
export function resource({ signal, load, render, skeleton }) {
  const place = h("div", { "aria-busy": "true" });
  async function run() {
    place.setAttribute("aria-busy", "true");
    put(place, skeleton ?? lines(5), h("p", { class: "sr", role: "status" }, "Loading"));
    try {
      const data = await load(signal);
      if (!signal.aborted) put(place, render(data));
    } catch (error) {
      if (!signal.aborted) put(place, failure(error, run));
    }
    place.setAttribute("aria-busy", "false");
  }
  run();
  return place;
}

/** Grey lines of text that is on its way. */
export function lines(number) {
  const widths = ["70%", "95%", "88%", "60%", "80%"];
  return h(
    "div",
    { class: "stack", "aria-hidden": "true" },
    Array.from({ length: number }, (_, at) => block(widths[at % widths.length], "1.1rem")),
  );
}

export function block(width, height) {
  return h("span", { class: "skeleton", style: { width, height } });
}

/** A state with words, a picture and what to do next. */
export function state({ picture = "empty", title, text, actions = [], level = "h2" }) {
  return h(
    "div",
    { class: "state" },
    PICTURES[picture](),
    h(level, level === "h1" ? { tabindex: "-1" } : null, title),
    text && h("p", { class: "soft" }, text),
    actions.length > 0 && h("div", { class: "row" }, actions),
  );
}

/** What went wrong, in words that help, with `retry` where it may. It is the page's heading where there is no other. */
export function failure(error, retry, { level = document.querySelector("main h1") ? "h2" : "h1" } = {}) {
  if (error?.name !== "Problem") console.warn(error);
  const button = retry && h("button", { class: "button", type: "button", onclick: retry }, "Try again");
  const [picture, title, text, action] = described(error, button);
  return h("div", { role: "alert" }, state({ level, picture, title, text, actions: [action].filter(Boolean) }));
}

function described(error, button) {
  switch (error?.status) {
    case 0:
      return ["away", "You seem to be offline", "We could not reach the box office. Your tickets are safe with us.", button];
    case 401:
      return ["lock", "Sign in to see this", "What is here belongs to somebody who is signed in.", signInLink()];
    case 403:
      return ["lock", "This door is for staff", "Your account does not have the role that opens it.", null];
    case 404:
      return ["lost", "Nothing on at this address", "It may have been cancelled, or the link is not quite right.", home()];
    case 429:
      return ["queue", "Too many attempts", `Please wait ${Math.max(1, error.retryAfter)} seconds.`, button];
    case 502:
    case 503:
    case 504:
      return ["queue", "The box office is very busy", "We asked several times. Please try again in a moment.", button];
    default:
      return ["lost", "That did not work", error?.status ? error.message : "Something unexpected happened here.", button];
  }
}

function signInLink() {
  const next = encodeURIComponent(location.pathname + location.search);
  return h("a", { class: "button primary", href: `/sign-in?next=${next}` }, "Sign in");
}

const home = () => h("a", { class: "button", href: "/" }, "See what is on");

const line = { fill: "none", stroke: "currentColor", "stroke-width": 2.5, "stroke-linecap": "round", "stroke-linejoin": "round" };
const picture = (...paths) =>
  s("svg", { viewBox: "0 0 120 80", "aria-hidden": "true" }, paths.map((d) => s("path", { d, ...line })));
const TICKET = "M14 18h92v14a8 8 0 0 0 0 16v14H14V48a8 8 0 0 0 0-16z";

const PICTURES = {
  empty: () => picture(TICKET, "M76 22v4m0 7v4m0 7v4m0 7v4", "M30 40h28"),
  away: () => picture(TICKET, "M60 10 48 34l16 8-10 28"),
  lock: () => picture("M38 36h44v32H38z", "M46 36V26a14 14 0 0 1 28 0v10", "M60 48v9"),
  lost: () => picture("M60 8v18M40 26h40", "M40 26 18 70m62-44 22 44", "M46 60h.1M58 66h.1M70 58h.1"),
  queue: () => picture("M16 70h88", "M30 70V52m0-12v.1M52 70V52m0-12v.1M74 70V52m0-12v.1M96 70V30"),
};
