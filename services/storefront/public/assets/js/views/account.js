// My account: who I am here, where I am signed in, and the way out.

import { del, get, quietly } from "../api.js";
import { countries } from "../countries.js";
import { h, put } from "../dom.js";
import { moment } from "../format.js";
import { confirm, field, form, input } from "../forms.js";
import { go } from "../router.js";
import { changePassword, erase, session, signOut } from "../session.js";
import { say } from "../shell.js";
import { resource } from "../states.js";
import { personal } from "./needs-session.js";

const LAWS = { eu: "European Union", uk: "United Kingdom", us: "United States", row: "Rest of the world" };

export default personal(
  "Your account",
  ({ signal }) => {
    const { name, email, confirmed, country, jurisdiction, created_at } = session.account;
    return [
      h("div", { class: "pagehead" }, h("h1", { tabindex: "-1" }, `Hello, ${name}`)),
      h(
        "div",
        { class: "stack sections" },
        h(
          "dl",
          { class: "facts" },
          fact("E-mail", confirmed ? email : `${email} (not confirmed: see the mail that we sent you)`),
          fact("Country", countries().find(([code]) => code === country)?.[1] ?? country),
          fact("Your data lives in", LAWS[jurisdiction] ?? jurisdiction),
          fact("With us since", moment(created_at)),
        ),
        h("p", { class: "row" }, h("a", { class: "button quiet", href: "/orders" }, "Your orders"), h("button", { class: "button quiet", type: "button", onclick: () => leave() }, "Sign out")),
        h(
          "section",
          { class: "stack", "aria-labelledby": "sessions" },
          h("h2", { id: "sessions" }, "Where you are signed in"),
          devices(signal),
          h("p", null, h("button", { class: "button", type: "button", onclick: () => leave({ everywhere: true }) }, "Sign out everywhere")),
        ),
        h(
          "section",
          { class: "stack", "aria-labelledby": "password" },
          h("h2", { id: "password" }, "Change your password"),
          passwordForm(),
        ),
        h(
          "section",
          { class: "stack", "aria-labelledby": "erasure" },
          h("h2", { id: "erasure" }, "Erase your account"),
          h("p", { class: "soft" }, "Your name and address go from every part of the box office, for good. Tickets that you have stay valid at the door: print them first."),
          form({
            fields: [field("Your password", input("erasure-password", { type: "password", autocomplete: "current-password" }))],
            action: "Erase my account",
            send: eraseAll,
          }),
        ),
      ),
    ];
  },
  { narrow: true },
);

const fact = (term, value) => h("div", null, h("dt", { class: "label" }, term), h("dd", null, value));

function passwordForm() {
  const node = form({
    fields: [
      field("Your password now", input("old", { type: "password", autocomplete: "current-password" })),
      field("Your new password", input("new", { type: "password", autocomplete: "new-password", minlength: 10, maxlength: 200 }), { hint: "Ten characters or more. A phrase of several words is best." }),
    ],
    action: "Change my password",
    send: async (values) => {
      await changePassword(values.old, values.new);
      node.reset();
      say("Your password is changed. You are signed out everywhere else.");
    },
  });
  return node;
}

/** The list of sessions; one that is ended goes from it. */
function devices(signal) {
  const list = (items) => h("ul", { class: "plain" }, items.map((item) => device(item, signOutThere)));
  const node = resource({ signal, load: () => get("/api/sessions", { signal }), render: ({ items }) => list(items) });

  async function signOutThere({ id, user_agent }) {
    try {
      await quietly(del(`/api/sessions/${id}`), 404);
      put(node, list((await get("/api/sessions", { signal })).items));
      say(`Signed out: ${browserName(user_agent)}.`);
    } catch (problem) {
      if (!signal.aborted) say(problem.message);
    }
  }

  return node;
}

function device(item, signOutThere) {
  const { user_agent, remote, created_at, current } = item;
  const name = browserName(user_agent);
  return h(
    "li",
    { class: "line" },
    h("span", { class: "row" }, name, current && h("span", { class: "chip good" }, "this one")),
    !current && h("button", { class: "linkish small", type: "button", onclick: () => signOutThere(item) }, "Sign out", h("span", { class: "sr" }, ` ${name}, since ${moment(created_at)}`)),
    h("span", { class: "soft small figures below" }, `${remote} · since ${moment(created_at)}`),
  );
}

/** `Firefox on Linux` from a user agent, which is a guess and only shown to its owner. */
function browserName(agent) {
  const browser = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"], ["curl/", "curl"]].find(([sign]) => agent.includes(sign));
  const system = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "Mac"], ["Linux", "Linux"]].find(([sign]) => agent.includes(sign));
  return [browser?.[1] ?? "A program", system && `on ${system[1]}`].filter(Boolean).join(" ");
}

async function leave(options) {
  try {
    await signOut(options);
    say(options?.everywhere ? "You are signed out on every device." : "You are signed out.");
    await go("/");
  } catch (problem) {
    say(problem.message);
  }
}

async function eraseAll(values) {
  const sure = await confirm({ title: "Erase your account?", text: "This cannot be undone. Your orders stay in our books without your name.", action: "Erase everything", cancel: "Keep my account" });
  if (!sure) return;
  await erase(values["erasure-password"]);
  say("Your account is gone. Farewell.");
  await go("/");
}
