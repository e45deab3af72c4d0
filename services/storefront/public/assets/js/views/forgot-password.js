// A forgotten password: the owner of the address gets a link.

import { post } from "../api.js";
import { h, put } from "../dom.js";
import { field, form, input } from "../forms.js";

export default function forgotPassword() {
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const send = async ({ email }) => {
    await post("/api/password-resets", { email }, { anonymous: true, insist: true });
    put(place, h("p", null, "If there is an account with this address, a mail is on its way. Its link is good for half an hour."));
  };
  const fields = [field("E-mail address", input("email", { type: "email", autocomplete: "username", maxlength: 320 }))];
  put(place, form({ fields, action: "Send me a link", send }));
  return {
    title: "Forgot your password?",
    node: h("div", { class: "page" }, h("div", { class: "entrance stack" }, h("h1", { tabindex: "-1" }, "Forgot your password?"), place)),
  };
}
