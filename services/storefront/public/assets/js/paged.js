// A list that grows page by page.

import { h, put } from "./dom.js";
import { failure } from "./states.js";

/** `first` is the first page, `next(cursor)` brings another, `item(data)` draws an entry of `list`. */
export function paged({ first, next, list, item }) {
  const under = h("div", { class: "under" });

  function add({ items, next_cursor: cursor }) {
    list.append(...items.map(item));
    put(under, cursor && h("button", { class: "button", type: "button", onclick: () => more(cursor) }, "Show more"));
  }

  async function more(cursor) {
    try {
      add(await next(cursor));
    } catch (error) {
      put(under, failure(error, () => more(cursor)));
    }
  }

  add(first);
  return h("div", null, list, under);
}
