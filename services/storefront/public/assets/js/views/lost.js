// No such page, and a page whose code did not arrive.

import { h } from "../dom.js";
import { state } from "../states.js";

export default function lost() {
  const home = h("a", { class: "button", href: "/" }, "See what is on");
  const text = "This page was taken off the programme, or it never was on it.";
  return page("Not found", state({ level: "h1", picture: "lost", title: "An empty stage", text, actions: [home] }));
}

export function broken({ again }) {
  const reload = h("button", { class: "button", type: "button", onclick: () => again() }, "Try again");
  const text = "A part of this site did not arrive. You may be offline; if not, there is a new version: load the page again.";
  return page("Not loaded", state({ level: "h1", picture: "away", title: "That did not load", text, actions: [reload] }));
}

const page = (title, node) => ({ title, node: h("div", { class: "page" }, node) });
