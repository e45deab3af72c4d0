// Lines over the last minutes, by uPlot. Each has a dash of its own besides its colour, and its number in words above.

import { h, put, s } from "../dom.js";
import { ms, short } from "./marks.js";
import { plotted } from "./memory.js";

const SPANS = [[60, 15], [120, 30], [300, 60]]; // seconds that are shown, and between two labels
const HEIGHT = 8.5; // in rem
const DASHES = [[], [6, 4], [2, 3]];

const PLOTS = [
  { title: "Requests per second", lines: [["answered", "answered", "--z0"], ["refused", "refused (4xx)", "--z1"], ["failed", "failed (5xx)", "--bad"]] },
  { title: "Time to answer", lines: [["p95", "p95", "--z2"], ["p50", "half of them", "--z3"]], say: ms },
  { title: "Holds per second", lines: [["holds", "holds", "--z1"]] },
  { title: "Sales per second", lines: [["seats", "seats sold", "--z5"], ["orders", "orders confirmed", "--z4"]] },
  { title: "Outbox", lines: [["outbox", "events wait for the relay", "--z3"]] },
  { title: "Lag", lines: [["lag", "events wait for a consumer", "--z0"]] },
];

/** All plots; `draw()` takes what `memory.js` has. They share a cursor. */
export function plots(signal) {
  const all = PLOTS.map((each) => plot(each, signal));
  return { node: h("div", { class: "plots" }, all.map(({ node }) => node)), draw: () => all.forEach(({ draw }) => draw()) };
}

function plot({ title, lines, say = short }, signal) {
  const place = h("div", { class: "canvas", role: "img" });
  const values = lines.map(() => h("b"));
  const legend = lines.map(([, name, colour], at) =>
    h("span", { class: "line-name" }, s("svg", { viewBox: "0 0 22 4", "aria-hidden": "true" }, s("path", { d: "M0 2h22", "stroke-dasharray": DASHES[at].join(" ") || null, style: { stroke: `var(${colour})` } })), values[at], " ", h("span", { class: "unit" }, name)),
  );
  const node = h("figure", { class: "plot" }, h("figcaption", null, h("h3", null, title), h("div", { class: "legend" }, legend)), place);
  const names = lines.map(([name]) => name);
  let chart = null;

  function build() {
    chart?.destroy();
    const style = getComputedStyle(document.documentElement);
    const rem = parseFloat(style.fontSize);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), font: `${0.7 * rem}px ${colour("--mono")}`, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    chart = new globalThis.uPlot(
      {
        width: Math.max(120, place.clientWidth),
        height: HEIGHT * rem,
        padding: [0.6 * rem, rem, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: "backstage" }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
        scales: { x: { range: () => [-span()[0], 0].map((ago) => Date.now() / 1000 + ago) }, y: { range: (_, low, high) => [0, Math.max(high ?? 0, 1) * 1.12] } },
        axes: [
          { ...axis, grid: { show: false }, size: 1.5 * rem, space: 4.5 * rem, splits: () => labelled().map((ago) => Date.now() / 1000 - ago), values: () => labelled().map(named) },
          { ...axis, size: 2.9 * rem, space: 2.2 * rem, values: (_, ticks) => ticks.map((each) => short(each)) },
        ],
        series: [{}, ...lines.map(([, , name], at) => ({ stroke: colour(name), width: 2, dash: DASHES[at], fill: at ? undefined : faint(colour(name)), points: { show: false } }))],
        hooks: { setCursor: [figures] },
      },
      plotted(names),
      place,
    );
  }

  /** The numbers above are those under the cursor, else the latest. */
  function figures() {
    const data = plotted(names);
    const at = chart?.cursor.idx ?? data[0].length - 1;
    values.forEach((value, line) => put(value, say(data[line + 1][at])));
  }

  function draw() {
    if (!chart) build();
    const data = plotted(names);
    chart.setData(data);
    figures();
    const words = lines.map(([, name], line) => `${name}: ${say(data[line + 1].at(-1))}, at most ${say(Math.max(0, ...data[line + 1]))}`);
    place.setAttribute("aria-label", `${title}, the last minutes. ${words.join("; ")}.`);
  }

  const observer = new ResizeObserver(() => chart?.setSize({ width: Math.max(120, place.clientWidth), height: chart.height }));
  observer.observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart && build(), { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    chart?.destroy();
    chart = null;
  });
  return { node, draw };
}

/** As much as there is to show: a minute at first, five in the end. */
function span() {
  const age = Date.now() / 1000 - (plotted([])[0][0] ?? 0);
  return SPANS.find(([seconds]) => age <= seconds) ?? SPANS.at(-1);
}

function labelled() {
  const [seconds, step] = span();
  return Array.from({ length: seconds / step }, (_, at) => seconds - step * (at + 1));
}

const named = (ago) => (ago === 0 ? "now" : ago % 60 ? `${ago} s` : `${ago / 60} min`);

/** The colour, hardly there: `#rrggbb` with an alpha. */
const faint = (colour) => `${colour}22`;
