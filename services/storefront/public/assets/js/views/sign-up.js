// Opening an account.

import { countries } from "../countries.js";
import { h } from "../dom.js";
import { field, form, input } from "../forms.js";
import { homeward } from "../homeward.js";
import { go } from "../router.js";
import { signUp } from "../session.js";

export default function signUpPage({ query }) {
  const next = homeward(query.get("next"));
  const country = h(
    "select",
    { name: "country", required: true, autocomplete: "country" },
    h("option", { value: "" }, "Choose"),
    countries().map(([code, name]) => h("option", { value: code }, name)),
  );
  const fields = [
    field("Name", input("name", { autocomplete: "name", maxlength: 200 })),
    field("E-mail address", input("email", { type: "email", autocomplete: "username", maxlength: 320 }), { hint: "Your tickets go there." }),
    field("Password", input("password", { type: "password", autocomplete: "new-password", minlength: 10, maxlength: 200 }), { hint: "Ten characters or more. A phrase of several words is best." }),
    field("Country", country, { hint: "It decides under which law your data is kept." }),
  ];
  const send = async (values) => {
    await signUp(values);
    await go(next, { replace: true });
  };
  return {
    title: "Open an account",
    node: h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "entrance stack" },
        h("h1", { tabindex: "-1" }, "Come on in."),
        form({ fields, action: "Open an account", send, explain }),
        h("p", null, "You have one? ", h("a", { href: `/sign-in?next=${encodeURIComponent(next)}` }, "Sign in"), "."),
      ),
    ),
  };
}

const explain = ({ slug, message }) => (slug === "email-taken" ? "There is an account with this address. Sign in instead." : message);
