// The footer that makes the tier visible: which instance answered the last call, how fast, and the last 60 by instance.

import { calls } from "./calls.js";
import { h, put, s } from "./dom.js";
import { count } from "./format.js";

const BARS = 60;
const HEIGHT = 100;
const known = [];

/** A number for each instance, in the order of appearance: its colour and pattern. */
export function numberOf(instance) {
  if (!known.includes(instance)) known.push(instance);
  return known.indexOf(instance) % 6;
}

export function tierbar(footer) {
  const last = h("span", { class: "last" }, "No call yet");
  const spark = s("svg", { class: "spark", viewBox: `0 0 ${BARS * 2} 20`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const panel = h("div", { class: "panel", id: "tier-panel", hidden: true });
  const button = h(
    "button",
    { type: "button", "aria-expanded": "false", "aria-controls": "tier-panel", onclick: toggle },
    h("span", { class: "sr" }, "Show who answered the last calls. "),
    last,
    spark,
  );
  footer.append(panel, button);
  footer.setAttribute("aria-label", "Who served this page");
  let due = false;

  function toggle() {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    draw();
  }

  function draw() {
    due = false;
    const latest = calls.list.at(-1);
    if (!latest) return;
    put(last, summary(latest));
    put(spark, bars(calls.list, { width: 2, gap: 0.5, height: 20 }));
    if (!panel.hidden) put(panel, details(panel.clientWidth - parseFloat(getComputedStyle(panel).paddingLeft) * 2));
  }

  calls.addEventListener("call", () => {
    if (!due) requestAnimationFrame(draw);
    due = true;
  });
}

function summary({ service, instance, region, version, ms, status }) {
  if (!status) return "no answer";
  if (!instance) return `the edge answered ${status} in ${Math.round(ms)} ms`;
  const code = status >= 400 ? ` · ${status}` : "";
  return [
    swatch(instance),
    ` ${service}${version ? ` ${version}` : ""} on ${instance} in ${region} · ${Math.round(ms)} ms${code}`,
  ];
}

/** The colour and shape of an instance, wherever it is named. */
export function swatch(instance) {
  const number = numberOf(instance);
  return s(
    "svg",
    { viewBox: "0 0 10 10", width: 10, height: 10, style: { display: "inline-block" }, class: `i${number}`, "aria-hidden": "true" },
    s("path", { d: SHAPES[number] }),
  );
}

const SHAPES = [
  "M0 0h10v10H0z",
  "M5 0a5 5 0 1 1 0 10A5 5 0 0 1 5 0z",
  "M5 0l5 10H0z",
  "M5 0l5 5-5 5-5-5z",
  "M0 0h10L5 10z",
  "M0 3h10v4H0z",
];

function bars(list, { width, gap, height, marks = false }) {
  const most = slowest(list);
  const offset = BARS - list.length;
  return list.map(({ instance, ms, status }, at) => {
    const tall = Math.max(height * 0.08, Math.sqrt(ms / most) * height);
    const bad = !status || status >= 500;
    const number = numberOf(instance ?? "edge");
    const [x, y, wide] = [(offset + at) * width, height - tall, width - gap];
    const size = Math.min(wide, 10);
    return s(
      "g",
      { class: bad ? "failed" : `i${number}` },
      s("rect", { x, y, width: wide, height: tall }),
      marks && s("path", { d: SHAPES[number], transform: `translate(${x + (wide - size) / 2} ${y - size - 3}) scale(${size / 10})` }),
    );
  });
}

const slowest = (list) => Math.max(60, ...list.map(({ ms }) => ms));

function details(width) {
  const list = calls.list;
  const by = grouped(list);
  const rule = (share) => {
    const y = HEIGHT - Math.sqrt(share) * HEIGHT;
    return [s("line", { class: "rule", x1: 0, x2: width, y1: y, y2: y }), s("text", { class: "axis", x: 0, y: y - 4 }, `${Math.round(slowest(list) * share)} ms`)];
  };
  return [
    h("p", null, `The last ${count(list.length, "call")} of this page, by the instance that answered. Height is time (square root).`),
    s(
      "svg",
      { class: "chart", viewBox: `0 -18 ${width} ${HEIGHT + 18}`, role: "img", "aria-label": described(by) },
      rule(1),
      rule(0.25),
      bars(list, { width: width / BARS, gap: width > 500 ? 3 : 1, height: HEIGHT, marks: true }),
    ),
    h(
      "ul",
      { class: "legend" },
      [...by].map(([name, those]) => h("li", null, name === "no answer" ? null : swatch(name), `${name} · ${count(those.length, "call")} · median ${Math.round(median(those))} ms`)),
    ),
    h("p", { class: "small" }, "The last five: ", list.slice(-5).reverse().map(({ method, path, status, ms }) => `${method} ${path.split("?")[0].replace(/[0-9a-f-]{30,}/g, "…")} ${status || "–"} ${Math.round(ms)} ms`).join(" · ")),
  ];
}

const nameOf = ({ instance, status }) => instance ?? (status ? "edge" : "no answer");

function grouped(list) {
  const by = new Map();
  for (const call of list) by.set(nameOf(call), [...(by.get(nameOf(call)) ?? []), call]);
  return by;
}

function median(list) {
  const sorted = list.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function described(by) {
  return [...by].map(([name, those]) => `${name}: ${count(those.length, "call")}, median ${Math.round(median(those))} milliseconds`).join("; ");
}
