// A view that belongs to somebody: shows the way in until somebody is signed in.

import { h, put } from "../dom.js";
import { isOrganiser, session } from "../session.js";
import { signInForm } from "../signin.js";
import { failure } from "../states.js";
import { Problem } from "../api.js";

/** Wrap a view: `export default personal("Your tickets", (context) => node)`. */
export function personal(title, render, { organiser = false, narrow = false } = {}) {
  return (context) => {
    const page = h("div", { class: narrow ? "page narrow" : "page" });
    const open = () => put(page, organiser && !isOrganiser() ? staffOnly() : render(context));
    if (session.account) open();
    else put(page, wayIn(title, open));
    return { title, node: page };
  };
}

function wayIn(title, open) {
  const next = encodeURIComponent(location.pathname + location.search);
  return h(
    "div",
    { class: "entrance stack" },
    h("h1", { tabindex: "-1" }, title),
    h("p", { class: "lede" }, "Sign in, and it is all here."),
    signInForm(open),
    h("p", null, "New here? ", h("a", { href: `/sign-up?next=${next}` }, "Open an account"), "."),
  );
}

const staffOnly = () => failure(new Problem(403), null, { level: "h1" });
