// The picture: the edge, the instances behind it, what they stand on. Cards are text that flows and grows with the
// reader's type; the wires between them are drawn behind, from wherever the cards are.

import { h, put, s } from "../dom.js";
import { count, listed } from "../format.js";
import { swatch } from "../tierbar.js";
import { health, isWell, ms, short } from "./marks.js";
import { spark } from "./spark.js";
import { wires } from "./wires.js";

/** Of more instances than these it is their groups that get a wire. */
const FEW = 4;

const STORES = {
  postgres: ["PostgreSQL", ({ total }) => `the truth · ${count(total.outbox_depth, "event")} in the outbox`],
  kafka: ["Kafka", ({ total }) => `${short(total.per_second.events_published ?? 0)} events/s · ${count(total.consumer_lag, "event")} behind`],
  redis: ["Redis", () => "sessions · live updates"],
  vault: ["Vault", () => "secrets · leased database users"],
};

export function picture(signal) {
  const edge = card("The edge", "TLS, the site, balancing");
  const groups = h("div", { class: "groups" });
  const stores = Object.fromEntries(Object.entries(STORES).map(([name, [title]]) => [name, card(title)]));
  const shown = new Map();
  const node = h(
    "div",
    { class: "system" },
    h("div", { class: "tier edges" }, h("h3", { class: "label" }, "In front"), edge.node),
    h("div", { class: "tier" }, groups),
    h("div", { class: "tier stores" }, h("h3", { class: "label" }, "What they stand on"), Object.values(stores).map((each) => each.node)),
  );
  const wiring = wires(node, signal);
  let layout = "";
  let ends = [];

  function draw(state, instances, roundTrip) {
    edge.show("ready", [[short(state.total.per_second.requests ?? 0), "requests/s"], [ms(roundTrip), "there and back"]]);
    const grouped = groupsOf(instances);
    const now = JSON.stringify([...grouped].map(([name, those]) => [name, those.map((each) => each.name)]));
    if (now !== layout) {
      layout = now;
      ends = [...grouped].map(([services, those]) => ({ node: group(services, those, shown, grouped.size === 1), those }));
      groups.classList.toggle("few", instances.length <= FEW);
      put(groups, ends.map((each) => each.node));
      for (const name of shown.keys()) if (!instances.some((each) => each.name === name)) shown.delete(name);
    }
    const abroad = new Set(instances.map(({ region }) => region)).size > 1;
    for (const instance of instances) shown.get(instance.name).show(instance, { abroad });
    for (const { name, asked, answered, ms: time } of state.stores) {
      const word = asked && !answered ? "away" : answered < asked ? "partly" : "ready";
      stores[name].show(asked ? word : "waiting", [[ms(time), "to answer"]], STORES[name][1](state), partly(word, answered, asked));
    }
    wiring.draw({
      edge: edge.node,
      instances:
        instances.length > FEW
          ? ends.map(({ node, those }) => end(node, instances.filter((each) => those.some(({ name }) => name === each.name))))
          : instances.map((each) => end(shown.get(each.name).node, [each])),
      stores: state.stores.map(({ name, asked, answered }) => ({ node: stores[name].node, well: answered === asked })),
    });
  }

  /** Nobody answers: that much is known of the edge, and the rest is what it was. */
  function silent() {
    edge.show("away", []);
  }

  return { node, draw, silent };
}

/** Where a wire ends: a card of one instance, or a group of many. */
function end(node, instances) {
  const present = instances.filter(isThere);
  return {
    node,
    rate: present.reduce((sum, { per_second: { requests = 0 } }) => sum + requests, 0),
    well: instances.every(({ state }) => isWell(state)),
    there: present.length > 0,
  };
}

const isThere = ({ state }) => state !== "gone" && state !== "left";
const partly = (word, answered, asked) => (word === "partly" ? `${answered} of ${asked} reach it` : undefined);

function groupsOf(instances) {
  const by = new Map();
  for (const each of instances) {
    const services = listed(each.services);
    by.set(services, [...(by.get(services) ?? []), each]);
  }
  return by;
}

function group(services, instances, shown, alone) {
  for (const { name } of instances) if (!shown.has(name)) shown.set(name, performer(name));
  const many = services.includes(" and ");
  return h(
    "section",
    { class: "group" },
    h("h3", { class: "label" }, many ? (alone ? "Equal instances, each of them runs all services" : services) : services),
    h("div", { class: "cards" }, instances.map(({ name }) => shown.get(name).node)),
  );
}

function card(title, about = "") {
  const state = h("span");
  const figures = h("div", { class: "duo" });
  const words = h("p", { class: "small soft" }, about);
  const node = h("section", { class: "part" }, h("div", { class: "spread" }, h("h4", null, title), state), figures, words);

  function show(kind, pairs, text, word) {
    node.dataset.health = kind;
    put(state, health(kind, word));
    put(figures, pairs.map(([value, unit]) => h("p", null, h("b", null, value), " ", h("span", { class: "unit" }, unit))));
    if (text) put(words, text);
  }

  return { node, show };
}

/** The card of an instance. */
function performer(name) {
  const state = h("span");
  const rate = h("b");
  const time = h("b");
  const facts = h("p", { class: "small soft figures" });
  const line = spark();
  const bar = s("rect", { height: 4, width: 0 });
  const node = h(
    "section",
    { class: "part performer" },
    h("div", { class: "spread" }, h("h4", { class: "mono" }, swatch(name), name), state),
    h(
      "div",
      { class: "beat" },
      h("div", { class: "duo" }, h("p", null, rate, " ", h("span", { class: "unit" }, "requests/s")), h("p", null, time, " ", h("span", { class: "unit" }, "p95"))),
      line.node,
    ),
    s("svg", { class: "load", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, s("rect", { class: "rail", width: 100, height: 4 }), bar),
    facts,
  );

  /** `abroad`: there are several regions, so each says where it is. */
  function show(instance, { abroad }) {
    const there = isThere(instance);
    node.dataset.health = instance.state;
    put(state, health(instance.state));
    put(rate, there ? short(instance.per_second.requests ?? 0) : "–");
    put(time, there ? ms(instance.p95_ms) : "–");
    line.add(there ? (instance.per_second.requests ?? 0) : 0);
    bar.setAttribute("width", there ? Math.min(100, instance.cpu * 100) : 0);
    put(facts, there ? described(instance, abroad) : instance.state === "left" ? "It said goodbye and left." : "Not a word from it any more.");
  }

  return { node, show };
}

function described({ cpu, memory, in_flight, queued, version, region, troubles }, abroad) {
  const missed = Object.keys(troubles);
  if (missed.length) return h("strong", null, `It misses ${listed(missed)}.`);
  const parts = [`CPU ${Math.round(cpu * 100)} %`, memory && `${Math.round(memory / 2 ** 20)} MiB`, `${in_flight} in flight`, queued > 0 && `${queued} queue`, `v${version}`, abroad && region];
  return parts.filter(Boolean).join(" · ");
}
