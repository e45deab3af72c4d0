// The programme: what is on, as a wall of posters that can be searched.

import { get, withQuery } from "../api.js";
import { h, oneByOne, put } from "../dom.js";
import { lowest, money, shortDate } from "../format.js";
import { poster } from "../poster/poster.js";
import { block, failure, state } from "../states.js";

const PAGE = 24;
const PAUSE_IN_TYPING_MS = 250;
const CITIES = "boxoffice.cities";

export default function programme({ query, signal }) {
  const search = Object.fromEntries(["q", "city", "from", "to"].map((name) => [name, query.get(name) ?? ""]));
  const wall = h("ul", { class: "wall" });
  const result = h("p", { class: "sr", role: "status" });
  const under = h("div", { class: "under" });
  const cities = h("select", { name: "city", id: "city" });
  let round = 0;

  async function show(cursor = null) {
    const mine = cursor ? round : (round += 1);
    if (!cursor) put(wall, Array.from({ length: 8 }, ghost));
    put(under);
    try {
      const page = await get(withQuery("/api/shows", { ...search, limit: PAGE, cursor }), { signal });
      if (mine !== round) return;
      const before = cursor ? wall.children.length : 0;
      if (!cursor) put(wall);
      await oneByOne(page.items, (show) => mine === round && wall.append(card(show)));
      if (mine !== round) return;
      if (cursor) wall.children[before]?.querySelector("a").focus({ preventScroll: true });
      remember(page.items);
      fillCities(cities, search.city);
      put(result, `${wall.children.length} shows`);
      put(under, wall.children.length === 0 && nothing(), page.next_cursor && more(() => show(page.next_cursor)));
    } catch (error) {
      if (signal.aborted || mine !== round) return;
      if (!cursor) put(wall);
      put(under, failure(error, () => show(cursor)));
    }
  }

  function changed() {
    history.replaceState(history.state, "", withQuery("/", search));
    show();
  }

  const controls = filters({ search, cities, changed, signal });
  fillCities(cities, search.city);
  show();
  return {
    title: "",
    node: h(
      "div",
      { class: "page" },
      h(
        "header",
        { class: "billing" },
        h("h1", { tabindex: "-1" }, "Be in the room."),
        h("p", { class: "lede" }, "Music, theatre and odd little evenings, from a pub with forty chairs to an arena."),
      ),
      controls,
      h("h2", { class: "sr" }, "Shows"),
      result,
      wall,
      under,
    ),
  };
}

function filters({ search, cities, changed, signal }) {
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, PAUSE_IN_TYPING_MS);
  };
  const keep = (name, then) => (event) => {
    search[name] = event.target.value.trim();
    then();
  };
  const labelled = (label, id, control) => h("div", { class: "field" }, h("label", { for: id }, label), control);
  const date = (name, label) =>
    labelled(label, name, h("input", { type: "date", id: name, name, value: search[name], onchange: keep(name, changed) }));
  cities.addEventListener("change", keep("city", changed));
  return h(
    "form",
    { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    labelled(
      "Search",
      "q",
      h("input", { type: "search", id: "q", name: "q", value: search.q, maxlength: 100, placeholder: "A title, a genre, a word", oninput: keep("q", soon) }),
    ),
    labelled("City", "city", cities),
    date("from", "From"),
    date("to", "Until"),
  );
}

function card(show) {
  const next = show.next_performance;
  const price = next && lowest(next.prices);
  return h(
    "li",
    null,
    h(
      "article",
      { class: "show" },
      poster(show),
      h("h3", null, h("a", { href: `/shows/${show.id}` }, show.title)),
      next
        ? h("p", { class: "figures" }, `${shortDate(next.starts_at, next.timezone)} · ${next.city}`)
        : h("p", null, "No date yet"),
      price &&
        h(
          "p",
          { class: "soft small" },
          next.sold_out ? h("span", { class: "chip warn" }, "Next date sold out") : `${price.more ? "from " : ""}${money(price.price)} · ${show.genre}`,
        ),
    ),
  );
}

const ghost = () =>
  h("li", { "aria-hidden": "true" }, h("div", { class: "show" }, h("span", { class: "skeleton poster" }), block("80%", "1.3rem"), block("50%", "1rem")));

const more = (next) => h("button", { class: "button", type: "button", onclick: next }, "Show more");

function nothing() {
  const reset = h("a", { class: "button", href: "/" }, "Show everything");
  return state({ title: "Nothing matches that", text: "Try another word, another city or other days.", actions: [reset] });
}

/** The API has no list of cities: those that were seen in the programme are offered. */
function remember(shows) {
  const seen = new Set(knownCities());
  for (const { next_performance: next } of shows) if (next) seen.add(next.city);
  localStorage.setItem(CITIES, JSON.stringify([...seen].sort()));
}

const knownCities = () => JSON.parse(localStorage.getItem(CITIES) ?? "[]");

function fillCities(select, chosen) {
  const cities = [...new Set([...knownCities(), ...(chosen ? [chosen] : [])])].sort();
  put(select, h("option", { value: "" }, "Anywhere"), cities.map((city) => h("option", { value: city, selected: city === chosen }, city)));
}
