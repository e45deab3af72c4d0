// Signing in, and on to where the reader wanted to go.

import { h } from "../dom.js";
import { go } from "../router.js";
import { signInForm } from "../signin.js";

export default function signIn({ query }) {
  const next = safe(query.get("next"));
  return {
    title: "Sign in",
    node: h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "entrance stack" },
        h("h1", { tabindex: "-1" }, "Welcome back."),
        signInForm(() => go(next, { replace: true })),
        h("p", null, "New here? ", h("a", { href: `/sign-up?next=${encodeURIComponent(next)}` }, "Open an account"), "."),
      ),
    ),
  };
}

/** Only an address of this site: `next` may have been written by anybody. */
export function safe(next) {
  const target = new URL(next ?? "/", location.origin);
  return target.origin === location.origin && next?.startsWith("/") ? target.pathname + target.search : "/";
}
