// Signing in: as a form on a page, and as a dialog in the middle of something.

import { h, uid } from "./dom.js";
import { field, form, input } from "./forms.js";
import { signIn } from "./session.js";

/** The form; `done()` is called once somebody is signed in. */
export function signInForm(done) {
  return form({
    fields: [
      field("E-mail address", input("email", { type: "email", autocomplete: "username" })),
      field("Password", input("password", { type: "password", autocomplete: "current-password" })),
    ],
    action: "Sign in",
    send: async (values) => {
      await signIn(values);
      done();
    },
    explain: explained,
  });
}

function explained({ status, retryAfter, message }) {
  if (status === 401) return "That address and password do not go together.";
  if (status === 429) return `Too many attempts. Please wait ${waiting(retryAfter)} and try again.`;
  return message;
}

const waiting = (seconds) => (seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.max(1, seconds)} seconds`);

/** Ask in a dialog; resolves to whether somebody is signed in now. */
export function dialog({ reason }) {
  return new Promise((resolve) => {
    const id = uid("sign-in");
    let signedIn = false;
    const next = encodeURIComponent(location.pathname + location.search);
    const node = h(
      "dialog",
      { "aria-labelledby": id, onclose: () => (node.remove(), resolve(signedIn)) },
      h(
        "div",
        { class: "stack" },
        h("h2", { id }, "Sign in to go on"),
        reason && h("p", { class: "soft" }, reason),
        signInForm(() => {
          signedIn = true;
          node.close();
        }),
        h(
          "div",
          { class: "spread small" },
          h("a", { href: `/sign-up?next=${next}`, onclick: () => node.close() }, "I am new here"),
          h("button", { class: "linkish", type: "button", onclick: () => node.close() }, "Not now"),
        ),
      ),
    );
    document.body.append(node);
    node.showModal();
    node.querySelector("input").focus();
  });
}
