// Addresses without a page load. A route is a pattern and a function that loads its view.

import { put, reducedMotion } from "./dom.js";
import lost, { broken } from "./views/lost.js";

export const router = new EventTarget();

let table = [];
let main;
let current = new AbortController();

/**
 * `routes`: [["/shows/:id", () => import("./views/show.js")], …]. A view module's default export is a function
 * `({params, query, signal}) => ({title, node})`; `signal` aborts when the reader goes on. Once the first view is there
 * the others are loaded too: the next click is quick, and a lost connection finds the pages that can say so.
 */
export function start(routes, element) {
  table = routes.map(([pattern, load]) => ({ keys: pattern.split("/"), load }));
  main = element;
  history.scrollRestoration = "manual";
  document.addEventListener("click", clicked);
  addEventListener("popstate", (event) => show({ scroll: event.state?.scroll ?? 0 }));
  addEventListener("pagehide", keepScroll);
  return show({ first: true }).then(() => whenIdle(() => table.forEach(({ load }) => load().catch(() => {}))));
}

const whenIdle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 2000));

/** Go to `address`; `replace` leaves no way back to this page. */
export function go(address, { replace = false } = {}) {
  if (!replace) keepScroll();
  history[replace ? "replaceState" : "pushState"]({}, "", address);
  return show();
}

/** Show the same address anew: the session or the data has changed. */
export const again = () => show({ scroll: scrollY });

export function setTitle(title) {
  document.title = title ? `${title} · Box Office` : "Box Office";
}

function keepScroll() {
  history.replaceState({ ...history.state, scroll: scrollY }, "");
}

function clicked(event) {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  const target = new URL(link.href);
  if (target.origin !== location.origin || target.pathname.startsWith("/api/")) return;
  if (target.hash && target.pathname === location.pathname) return;
  event.preventDefault();
  go(target.pathname + target.search);
}

function match(path) {
  const parts = path.replace(/(?!^)\/+$/, "").split("/");
  for (const { keys, load } of table) {
    if (keys.length !== parts.length) continue;
    const params = {};
    const fits = keys.every((key, at) => {
      if (!key.startsWith(":")) return key === parts[at];
      params[key.slice(1)] = decodeURIComponent(parts[at]);
      return parts[at] !== "";
    });
    if (fits) return { load, params };
  }
  return { load: async () => ({ default: lost }), params: {} };
}

async function show({ scroll = 0, first = false } = {}) {
  current.abort();
  const mine = new AbortController();
  current = mine;
  const { load, params } = match(location.pathname);
  let view;
  try {
    view = (await load()).default;
  } catch (error) {
    console.warn(error);
    view = broken;
  }
  if (mine.signal.aborted) return;
  const { title, node } = view({ params, query: new URLSearchParams(location.search), signal: mine.signal, again });
  const swap = () => {
    put(main, node);
    setTitle(title);
    scrollTo(0, scroll);
  };
  if (!first && document.startViewTransition && !reducedMotion()) {
    await document.startViewTransition(swap).updateCallbackDone;
  } else swap();
  if (!first) (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  router.dispatchEvent(new Event("shown"));
}
