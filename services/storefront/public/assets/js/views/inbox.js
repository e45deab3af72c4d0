// What we wrote to you.

import { get, withQuery } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { paged } from "../paged.js";
import { resource, state } from "../states.js";
import { personal } from "./needs-session.js";

export default personal(
  "Inbox",
  ({ signal }) => [
    h("div", { class: "pagehead" }, h("h1", { tabindex: "-1" }, "Inbox")),
    resource({
      signal,
      load: () => get("/api/notifications", { signal }),
      render: (first) =>
        first.items.length
          ? paged({ first, next: (cursor) => get(withQuery("/api/notifications", { cursor }), { signal }), list: h("ul", { class: "letters" }), item: letter })
          : state({ title: "No post", text: "Confirmations, refunds and other news come here, and to your mailbox." }),
    }),
  ],
  { narrow: true },
);

function letter({ subject, body, created_at, order_id }) {
  return h(
    "li",
    null,
    h(
      "article",
      { class: "letter stack" },
      h("header", { class: "spread" }, h("h2", null, subject), h("time", { class: "soft small figures", datetime: created_at }, moment(created_at))),
      body.split(/\n{2,}/).map((paragraph) => h("p", null, paragraph)),
      order_id && h("p", null, h("a", { href: `/orders/${order_id}` }, "Go to the order")),
    ),
  );
}
