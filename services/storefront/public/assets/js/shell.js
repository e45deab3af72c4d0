// The masthead, and the notices above every page: a hold that runs, a busy or unreachable server.

import { weather } from "./api.js";
import { h, put, s } from "./dom.js";
import { clock, count } from "./format.js";
import * as hold from "./hold.js";
import { router } from "./router.js";
import { isOrganiser, session } from "./session.js";

const BUSY_LINGERS_MS = 1200;
const TOAST_MS = 3500;

export function shell(masthead, notices) {
  const draw = () => put(masthead, navigation());
  draw();
  session.addEventListener("change", draw);
  router.addEventListener("shown", draw);

  const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  document.body.append(toasts);
  addEventListener("boxoffice:say", ({ detail }) => toast(toasts, detail));

  notices.append(heldSeats(), weatherReport());
}

/** A short message that goes by itself; it is read out too. */
export function say(text) {
  dispatchEvent(new CustomEvent("boxoffice:say", { detail: text }));
}

function toast(place, text) {
  const node = h("p", { class: "toast" }, text);
  place.append(node);
  setTimeout(() => node.remove(), TOAST_MS + 40 * text.length);
}

function navigation() {
  const here = location.pathname;
  const item = (href, text, attributes = {}) =>
    h("a", { href, "aria-current": here === href || (href !== "/" && here.startsWith(`${href}/`)) ? "page" : null, ...attributes }, text);
  return h(
    "nav",
    { "aria-label": "Box Office" },
    h("a", { class: "wordmark", href: "/", "aria-current": here === "/" ? "page" : null }, mark(), "Box Office"),
    item("/", "Programme", { class: "wideonly" }),
    isOrganiser() && [item("/organise", "Organise"), item("/backstage", "Backstage", { class: "wideonly" })],
    session.account
      ? [item("/tickets", "Tickets"), item("/inbox", "Inbox"), item("/account", "Account")]
      : [item("/sign-in", "Sign in"), item("/sign-up", "Sign up", { class: "wideonly" })],
  );
}

function mark() {
  return s(
    "svg",
    { viewBox: "0 0 32 22", "aria-hidden": "true" },
    s("path", { fill: "currentColor", d: "M1 1h30v6.500a3.500 3.500 0 0 0 0 7V21H1v-6.500a3.500 3.500 0 0 0 0-7z" }),
    s("path", { stroke: "var(--paper)", "stroke-width": 2, "stroke-dasharray": "2 2.500", d: "M21.500 2.500v17" }),
  );
}

function heldSeats() {
  const time = h("span", { class: "time", "aria-hidden": "true" });
  const words = h("span");
  const link = h("a", { href: "/checkout" }, "Go to payment");
  const node = h("div", { class: "notice hold", hidden: true, role: "region", "aria-label": "Seats held for you" }, words, time, link);

  function tick() {
    const held = hold.current();
    node.hidden = !held || location.pathname === "/checkout";
    if (node.hidden) return;
    put(words, `${count(held.seats.length, "seat")} for ${held.show} ${held.seats.length === 1 ? "is" : "are"} yours for`);
    put(time, clock(hold.secondsLeft(held)));
  }

  setInterval(tick, 1000);
  hold.changes.addEventListener("change", tick);
  router.addEventListener("shown", tick);
  tick();
  return node;
}

function weatherReport() {
  const text = h("span");
  const node = h("div", { class: "notice", hidden: true, role: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), text);
  let timer;

  function show(words) {
    clearTimeout(timer);
    node.hidden = false;
    put(text, words);
  }

  weather.addEventListener("busy", ({ detail: { wait } }) =>
    show(`The box office is busy. You are in the queue: next try in ${Math.ceil(wait / 1000)} s.`),
  );
  weather.addEventListener("offline", () => show("No connection to the box office."));
  weather.addEventListener("answered", () => {
    if (!node.hidden) timer = setTimeout(() => (node.hidden = true), BUSY_LINGERS_MS);
  });
  addEventListener("offline", () => show("You are offline. What you see may be out of date."));
  addEventListener("online", () => (node.hidden = true));
  return node;
}
