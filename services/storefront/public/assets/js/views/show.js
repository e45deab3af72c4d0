// One show: its poster, its story, and when and where to see it.

import { get } from "../api.js";
import { h } from "../dom.js";
import { dateParts, lowest, money } from "../format.js";
import { poster } from "../poster/poster.js";
import { setTitle } from "../router.js";
import { block, lines, resource, state } from "../states.js";

export default function show({ params, signal }) {
  const node = resource({
    signal,
    load: () => get(`/api/shows/${params.id}`, { signal }),
    skeleton: h("div", { class: "showpage" }, h("span", { class: "skeleton poster" }), h("div", { class: "stack" }, block("60%", "4rem"), lines(6))),
    render,
  });
  return { title: "Show", node: h("div", { class: "page" }, node) };
}

function render(show) {
  setTitle(show.title);
  return h(
    "div",
    { class: "showpage" },
    poster(show),
    h(
      "div",
      { class: "stack story" },
      h("p", { class: "label" }, show.genre),
      h("h1", { tabindex: "-1" }, show.title),
      h("p", { class: "lede" }, show.description),
      h("h2", null, "Dates"),
      show.performances.length
        ? h("ul", { class: "dates" }, show.performances.map(performanceRow))
        : state({ title: "No dates at the moment", text: "This show will be back. Have a look at what else is on.", level: "h3", actions: [h("a", { class: "button", href: "/" }, "The programme")] }),
    ),
  );
}

function performanceRow(performance) {
  const { weekday, day, month, time } = dateParts(performance.starts_at, performance.timezone);
  const { price, more } = lowest(performance.prices);
  const open = !performance.cancelled && !performance.sold_out;
  return h(
    "li",
    { class: open ? "date" : "date over" },
    h(
      "time",
      { class: "when", datetime: performance.starts_at },
      h("span", { class: "weekday" }, weekday),
      h("span", { class: "day" }, day),
      h("span", { class: "month" }, month),
    ),
    h(
      "div",
      { class: "where" },
      h("p", { class: "venue" }, performance.venue),
      h("p", { class: "soft figures" }, `${performance.city} · ${time}`),
    ),
    h("p", { class: "price figures" }, more && h("span", { class: "soft small" }, "from "), money(price)),
    action(performance, `${weekday} ${day} ${month}, ${performance.venue}`),
  );
}

function action({ id, cancelled, sold_out }, words) {
  if (cancelled) return h("span", { class: "chip bad" }, "Cancelled");
  if (sold_out) return h("span", { class: "chip warn" }, "Sold out");
  return h("a", { class: "button primary", href: `/performances/${id}` }, "Choose seats", h("span", { class: "sr" }, ` for ${words}`));
}
