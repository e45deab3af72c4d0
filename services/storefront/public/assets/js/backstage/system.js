// Backstage put together: a sentence, the board, the picture, plots, and a table of the services.

import { h, put } from "../dom.js";
import { count, listed } from "../format.js";
import { failure } from "../states.js";
import { isWell, ms, short } from "./marks.js";
import { cast, remember } from "./memory.js";
import { picture } from "./picture.js";
import { plots } from "./plots.js";
import { watch } from "./watch.js";

const STALE_MS = 3000;
const NAMES = { postgres: "PostgreSQL", redis: "Redis", kafka: "Kafka", vault: "Vault" };

let loaded = null;

/** What only this page needs: its styles, and uPlot. */
export function ready() {
  loaded ??= Promise.all([
    added("link", { rel: "stylesheet", href: asset("css/backstage.css") }),
    added("link", { rel: "stylesheet", href: asset("vendor/uplot/uPlot.min.css") }),
    added("script", { src: asset("vendor/uplot/uPlot.iife.min.js") }),
  ]).catch((error) => {
    loaded = null;
    throw error;
  });
  return loaded;
}

const asset = (path) => new URL(`../../${path}`, import.meta.url).href;

function added(tag, properties) {
  return new Promise((resolve, reject) => {
    document.head.append(h(tag, { ...properties, onload: resolve, onerror: () => reject(new Error(`${tag} did not load`)) }));
  });
}

export function system(signal) {
  const sentence = h("p", { class: "lede", role: "status" }, "Listening…");
  const stale = h("p", { class: "note warn", role: "status", hidden: true });
  const board = boardOf();
  const drawing = picture(signal);
  const charts = plots(signal);
  const services = h("tbody");
  const node = h(
    "div",
    { class: "stack backstage" },
    sentence,
    stale,
    board.node,
    h("section", { "aria-labelledby": "the-picture" }, h("h2", { id: "the-picture", class: "sr" }, "The picture"), drawing.node),
    h("section", { class: "stack", "aria-labelledby": "the-minutes" }, h("h2", { id: "the-minutes" }, "The last minutes"), charts.node),
    h("section", { class: "stack", "aria-labelledby": "the-services" }, h("h2", { id: "the-services" }, "Service by service"), table(services)),
  );
  let answeredAt = Date.now();

  function onAnswer(state, roundTrip) {
    answeredAt = Date.now();
    remember(state);
    const instances = cast(state);
    say(sentence, summary(state, instances));
    board.draw(state);
    drawing.draw(state, instances, roundTrip);
    charts.draw();
    put(services, state.services.map(row));
    tick();
  }

  function onTrouble(problem) {
    if (problem.status === 401 || problem.status === 403) put(node, failure(problem));
    tick();
  }

  /** What is on the page is old when nothing has come for a while: say so, and since when. */
  function tick() {
    const silence = Date.now() - answeredAt;
    const isStale = silence > STALE_MS && !document.hidden;
    node.classList.toggle("stale", isStale);
    stale.hidden = !isStale;
    if (!isStale) return;
    drawing.silent();
    say(stale, `No answer since ${new Date(answeredAt).toLocaleTimeString("en-GB")}. What you see is of then; it goes on by itself.`);
  }

  const timer = setInterval(tick, 500);
  signal.addEventListener("abort", () => clearInterval(timer));
  watch({ signal, onAnswer, onTrouble });
  return node;
}

/** Change a text that is read out only where it is another. */
function say(place, text) {
  if (place.textContent !== text) put(place, text);
}

function summary({ stores }, instances) {
  const troubles = instances.filter(({ state }) => !isWell(state)).map(({ name, state }) => `${name} is ${state}`);
  for (const { name, asked, answered } of stores) {
    if (asked && !answered) troubles.push(`${NAMES[name]} does not answer`);
    else if (answered < asked) troubles.push(`${NAMES[name]} answers only some`);
  }
  const there = instances.filter(({ state }) => isWell(state));
  if (troubles.length) return `${count(there.length, "instance")} ready; ${listed(troubles)}.`;
  return `All is well: ${count(there.length, "instance")} ready, every store answers.`;
}

/** The figures that are looked at first. */
function boardOf() {
  const figures = [
    ["requests/s", ({ total }) => short(total.per_second.requests ?? 0)],
    ["p95", ({ total }) => ms(total.p95_ms)],
    ["in flight", ({ total, instances }) => short(total.in_flight + instances.reduce((sum, { queued }) => sum + queued, 0))],
    ["turned away/s", ({ total }) => short(total.per_second.rejected ?? 0)],
    ["holds/s", ({ total }) => short(total.per_second.seats_holds_total ?? 0)],
    ["seats sold/s", ({ total }) => short(total.per_second.seats_sold_total ?? 0)],
  ];
  const values = figures.map(() => h("dd", null, "–"));
  const node = h("dl", { class: "board" }, figures.map(([name], at) => h("div", null, h("dt", { class: "label" }, name), values[at])));
  return { node, draw: (state) => figures.forEach(([, read], at) => put(values[at], read(state))) };
}

function table(body) {
  const heads = ["Service", "Instances", "Requests/s", "p95", "Events out/s", "Events in/s", "Outbox", "Lag", "Dead letters"];
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "What each service does" },
    h("table", null, h("thead", null, h("tr", null, heads.map((text, at) => h("th", { scope: "col", class: at ? "right" : null }, text)))), body),
  );
}

function row({ name, instances, per_second: rate, p95_ms, outbox_depth, consumer_lag, dead_letters }) {
  const cells = [instances, short(rate.requests ?? 0), ms(p95_ms), short(rate.events_published ?? 0), short(rate.events_handled ?? 0), short(outbox_depth), short(consumer_lag)];
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, name),
    cells.map((text) => h("td", { class: "right" }, String(text))),
    h("td", { class: "right" }, dead_letters ? h("strong", { class: "badtext" }, short(dead_letters)) : "0"),
  );
}
