// The start: who is here, what is on every page, which address shows what.

import { again, start } from "./router.js";
import * as session from "./session.js";
import { shell } from "./shell.js";
import { tierbar } from "./tierbar.js";

const ROUTES = [
  ["/", () => import("./views/programme.js")],
  ["/shows/:id", () => import("./views/show.js")],
  ["/performances/:id", () => import("./views/performance.js")],
  ["/checkout", () => import("./views/checkout.js")],
  ["/orders", () => import("./views/orders.js")],
  ["/orders/:id", () => import("./views/order.js")],
  ["/tickets", () => import("./views/tickets.js")],
  ["/tickets/:id", () => import("./views/ticket.js")],
  ["/inbox", () => import("./views/inbox.js")],
  ["/account", () => import("./views/account.js")],
  ["/sign-in", () => import("./views/sign-in.js")],
  ["/forgot-password", () => import("./views/forgot-password.js")],
  ["/new-password", () => import("./views/new-password.js")],
  ["/confirm", () => import("./views/confirm.js")],
  ["/sign-up", () => import("./views/sign-up.js")],
  ["/organise", () => import("./views/organise.js")],
  ["/organise/venues/new", () => import("./views/new-venue.js")],
  ["/organise/shows/:id", () => import("./views/organise-show.js")],
  ["/backstage", () => import("./views/backstage.js")],
];

shell(document.getElementById("masthead"), document.getElementById("notices"));
tierbar(document.getElementById("tierbar"));
await session.open();
await start(ROUTES, document.getElementById("main"));

let account = session.session.account?.id;
session.session.addEventListener("change", () => {
  const now = session.session.account?.id;
  const other = account && now && account !== now;
  account = now ?? account;
  if (other) again(); // what is on the page belonged to somebody else
});
