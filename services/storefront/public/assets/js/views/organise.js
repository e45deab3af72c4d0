// For organisers: the shows, and a new one.

import { all, post } from "../api.js";
import { h } from "../dom.js";
import { longDate } from "../format.js";
import { field, form, input } from "../forms.js";
import { go } from "../router.js";
import { resource, state } from "../states.js";
import { poster } from "../poster/poster.js";
import { personal } from "./needs-session.js";

const GENRES = ["Open mic", "Musical", "Electronic", "Comedy", "Folk", "Theatre", "Classical", "Jazz", "Family", "Magic", "Country", "Circus"];

export default personal(
  "Organise",
  ({ signal }) => [
    h("div", { class: "pagehead spread" }, h("h1", { tabindex: "-1" }, "Put on a show"), h("div", { class: "row" }, h("a", { class: "button", href: "/backstage" }, "Backstage"), h("a", { class: "button", href: "/organise/venues/new" }, "Add a venue"))),
    h(
      "div",
      { class: "halves" },
      h(
        "section",
        { class: "stack", "aria-labelledby": "shows" },
        h("h2", { id: "shows" }, "Shows"),
        resource({ signal, load: () => all("/api/shows", { signal }), render: list }),
      ),
      h("section", { class: "stack", "aria-labelledby": "new-show" }, h("h2", { id: "new-show" }, "A new one"), newShow()),
    ),
  ],
  { organiser: true },
);

function list(shows) {
  if (!shows.length) return state({ title: "No shows yet", text: "Write down the first one: a title, a genre, a few words." });
  return h("ul", { class: "plain" }, shows.map(row));
}

function row({ id, title, genre, next_performance: next }) {
  return h(
    "li",
    { class: "line" },
    h("a", { href: `/organise/shows/${id}` }, h("strong", null, title)),
    h("span", { class: "chip" }, genre),
    h("span", { class: "soft small figures" }, next ? `${longDate(next.starts_at, next.timezone)} · ${next.venue}` : "No performance yet"),
  );
}

function newShow() {
  const preview = h("div", { class: "preview", "aria-hidden": "true" });
  const options = h("datalist", { id: "genres" }, GENRES.map((value) => h("option", { value })));
  const node = form({
    fields: [
      field("Title", input("title", { maxlength: 120 })),
      field("Genre", input("genre", { maxlength: 120, list: "genres" }), { hint: "Each has a poster of its own." }),
      field("What it is about", h("textarea", { name: "description", maxlength: 4000 })),
      options,
      preview,
    ],
    action: "Add the show",
    send: async (values) => {
      const show = await post("/api/shows", values);
      await go(`/organise/shows/${show.id}`);
    },
  });
  const draw = () => {
    const { title, genre } = Object.fromEntries(new FormData(node));
    preview.replaceChildren(...(title.trim() ? [poster({ title: title.trim(), genre })] : []));
  };
  node.addEventListener("input", draw);
  return node;
}
