// A new password, by the link of a mail. Its secret is in the fragment, which no server sees in an address.

import { put as send } from "../api.js";
import { h } from "../dom.js";
import { field, form, input } from "../forms.js";
import { go } from "../router.js";
import { forget } from "../session.js";
import { say } from "../shell.js";

export default function newPassword() {
  const token = location.hash.slice(1);
  const fields = [
    !token && field("The code in the mail", input("token", { autocomplete: "one-time-code", maxlength: 100 })),
    field("Your new password", input("password", { type: "password", autocomplete: "new-password", minlength: 10, maxlength: 200 }), { hint: "Ten characters or more. A phrase of several words is best." }),
  ].filter(Boolean);
  const set = async (values) => {
    const secret = encodeURIComponent(token || values.token.trim());
    await send(`/api/password-resets/${secret}`, { password: values.password }, { anonymous: true, tries: 1 });
    forget();
    say("Your new password is set. Sign in with it.");
    await go("/sign-in", { replace: true });
  };
  return {
    title: "Set a new password",
    node: h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "entrance stack" },
        h("h1", { tabindex: "-1" }, "Set a new password"),
        form({ fields, action: "Set my password", send: set, explain }),
        h("p", null, h("a", { href: "/forgot-password" }, "Send me another link")),
      ),
    ),
  };
}

const explain = ({ slug, message }) => (slug === "link-spent" ? "This link was used, or is too old. Ask for another one." : message);
