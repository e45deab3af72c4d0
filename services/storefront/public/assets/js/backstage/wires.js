// The wires of the picture. Requests run along them as the bulbs of a marquee do, the more the faster.

import { put, reducedMotion, s } from "../dom.js";

const BULBS_PX = 12;
const SLOWEST_MS = 2400;

/** Draws behind the children of `stage`, again whenever they move. */
export function wires(stage, signal) {
  const svg = s("svg", { class: "wires", "aria-hidden": "true" });
  const runs = new Map();
  let parts = null;
  let shape = "";
  stage.prepend(svg);

  const observer = new ResizeObserver(() => parts && route());
  observer.observe(stage);
  signal.addEventListener("abort", () => observer.disconnect());

  function draw(next) {
    parts = next;
    route();
    for (const { node, rate, well, there } of parts.instances) pace(runs.get(node), { rate, well, there });
  }

  function route() {
    const frame = stage.getBoundingClientRect();
    const box = (node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return { left: left - frame.left, top: top - frame.top, right: left - frame.left + width, bottom: top - frame.top + height, x: left - frame.left + width / 2, y: top - frame.top + height / 2 };
    };
    const edge = box(parts.edge);
    const boxes = parts.instances.map(({ node }) => box(node));
    const feet = parts.stores.map(({ node, well }) => ({ ...box(node), well }));
    const now = JSON.stringify([edge, boxes, feet]);
    if (now === shape) return;
    shape = now;
    svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const wide = boxes.every(({ left }) => left > edge.right);
    for (const [node, { animation }] of runs) {
      animation?.cancel();
      runs.delete(node);
    }
    const lines = boxes.map((to, at) => {
      const d = wide ? across(edge.right, edge.y, to.left, to.y) : down(edge.x, edge.bottom, to.x, to.top);
      const bulbs = s("path", { class: "bulbs", d });
      const line = s("path", { class: "wire", d });
      runs.set(parts.instances[at].node, { line, bulbs });
      return [line, bulbs];
    });
    put(svg, wide ? rail(boxes, feet) : trunk(boxes, feet), lines);
  }

  return { draw };
}

/** How fast the bulbs run: by the logarithm of the rate, in steps, so that nothing is painted more often than needed. */
function pace(run, { rate, well, there }) {
  run.line.classList.toggle("cut", !there);
  run.bulbs.classList.toggle("lit", there && rate > 0);
  run.bulbs.classList.toggle("dim", !well);
  if (reducedMotion()) return;
  run.animation ??= run.bulbs.animate([{ strokeDashoffset: BULBS_PX }, { strokeDashoffset: 0 }], { duration: SLOWEST_MS, iterations: Infinity, easing: "steps(4)" });
  if (there && rate > 0) {
    run.animation.updatePlaybackRate(1 + Math.log2(1 + rate));
    if (run.animation.playState !== "running") run.animation.play();
  } else run.animation.pause();
}

const across = (x1, y1, x2, y2) => `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
const down = (x1, y1, x2, y2) => `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;

/** All instances use all stores: one rail between the columns says so with fewer lines. */
function rail(boxes, feet) {
  if (!boxes.length) return [];
  const right = Math.max(...boxes.map((each) => each.right));
  const x = (right + Math.min(...feet.map((each) => each.left))) / 2;
  const ys = [...boxes, ...feet].map((each) => each.y);
  return [
    s("path", { class: "wire", d: `M${x} ${Math.min(...ys)}V${Math.max(...ys)}` }),
    boxes.map((each) => s("path", { class: "wire", d: `M${each.right} ${each.y}H${x}` })),
    feet.map((each) => s("path", { class: each.well ? "wire" : "wire cut", d: `M${x} ${each.y}H${each.left}` })),
  ];
}

/** The same where the columns are one below the other. */
function trunk(boxes, feet) {
  if (!boxes.length) return [];
  const bottom = Math.max(...boxes.map((each) => each.bottom));
  const top = Math.min(...feet.map((each) => each.top));
  const middle = (Math.min(...boxes.map((each) => each.left)) + Math.max(...boxes.map((each) => each.right))) / 2;
  return s("path", { class: "wire", d: `M${middle} ${bottom}V${top}` });
}
