// Signing in, and on to where the reader wanted to go.

import { h } from "../dom.js";
import { homeward } from "../homeward.js";
import { go } from "../router.js";
import { signInForm } from "../signin.js";

export default function signIn({ query }) {
  const next = homeward(query.get("next"));
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
        h("p", null, h("a", { href: "/forgot-password" }, "Forgot your password?")),
        h("p", null, "New here? ", h("a", { href: `/sign-up?next=${encodeURIComponent(next)}` }, "Open an account"), "."),
      ),
    ),
  };
}
