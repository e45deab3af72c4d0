// Confirming an address, by the link of a mail. It takes a click: programs that look into mails open links too.

import { get, post } from "../api.js";
import { h } from "../dom.js";
import { field, form, input } from "../forms.js";
import { go } from "../router.js";
import { session } from "../session.js";
import { say } from "../shell.js";

export default function confirmAddress() {
  const token = location.hash.slice(1);
  const fields = token ? [] : [field("The code in the mail", input("token", { autocomplete: "one-time-code", maxlength: 100 }))];
  const send = async (values) => {
    await post("/api/confirmations", { token: token || values.token.trim() }, { anonymous: true, insist: true });
    if (session.account) session.account = await get("/api/accounts/me", { anonymous: true });
    say("Thank you. Your address is confirmed.");
    await go(session.account ? "/account" : "/", { replace: true });
  };
  return {
    title: "Confirm your address",
    node: h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "entrance stack" },
        h("h1", { tabindex: "-1" }, "Confirm your address"),
        h("p", null, "With this we know that mails to this address reach you."),
        form({ fields, action: "This is my address", send, explain }),
      ),
    ),
  };
}

const explain = ({ slug, message }) => (slug === "link-spent" ? "This link is not valid. Look for the latest mail from us." : message);
