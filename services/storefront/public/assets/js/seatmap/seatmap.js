// The seat map: an SVG grid of seats, live, zoomable, and fully operable by keyboard.

import { h, s } from "../dom.js";
import { money } from "../format.js";
import { SOLD, TICK, shapeOf } from "./shapes.js";
import { layout } from "./layout.js";
import { zoomable } from "./zoom.js";

const NEAR_PX = 24;
const TAPPABLE_PX = 17;
const CLOSE = 3.2;
const WORDS = { available: "free", held: "held by someone", sold: "sold" };

/**
 * `plan` is the API's seat map. `onToggle(seat)` is called for a free or chosen seat, `onRefuse(seat)` for another.
 * Returns `{node, plan, update(label, state), snapshot(states), choose(labels), reveal(seats)}`.
 */
export function seatmap(list, { onToggle, onRefuse }) {
  const plan = layout(list);
  const cells = new Map();
  const blanks = new Map();
  const seats = new Map(plan.seats.map((seat) => [seat.label, seat]));
  let chosen = new Set();
  let current = plan.seats[0];

  const rows = plan.zones.map((zone) =>
    s(
      "g",
      { role: "rowgroup", "aria-label": `${zone.name}, ${money(zone.price)}`, class: `zone i${zone.index % 6}` },
      zone.rows.map((row) => s("g", { role: "row", "aria-label": `Row ${row.name}` }, row.seats.map(cell))),
    ),
  );
  const ring = s("circle", { class: "ring", r: 7.2, "aria-hidden": "true", hidden: true });
  const ticks = s("g", { class: "ticks", "aria-hidden": "true" });
  const svg = s(
    "svg",
    { class: "seats", role: "grid", "aria-label": "Seats. Arrow keys move, space chooses, plus and minus zoom.", preserveAspectRatio: "xMidYMid meet" },
    scenery(plan),
    rows,
    ticks,
    ring,
  );
  const zoom = zoomable(svg, plan.box, ({ unit }) => svg.classList.toggle("far", unit < 0.75));

  function cell(seat) {
    const node = blank(seat).cloneNode();
    node.setAttribute("transform", `translate(${seat.x.toFixed(2)} ${seat.y.toFixed(2)}) rotate(${seat.turn.toFixed(1)})`);
    node.setAttribute("aria-label", describe(seat, false));
    node.seat = seat;
    cells.set(seat.label, node);
    return node;
  }

  /** What all seats of a zone and state have in common, made once: there are thousands of them. */
  function blank({ zone, state }) {
    const key = `${zone.index} ${state}`;
    if (!blanks.has(key)) blanks.set(key, s("path", { role: "gridcell", tabindex: "-1", "aria-selected": "false", class: `seat ${state}`, d: outline(zone, state) }));
    return blanks.get(key);
  }

  function dress(seat) {
    const node = cells.get(seat.label);
    const mine = chosen.has(seat.label);
    node.setAttribute("class", mine ? "seat chosen" : `seat ${seat.state}`);
    node.setAttribute("d", outline(seat.zone, seat.state));
    node.setAttribute("aria-selected", String(mine));
    node.setAttribute("aria-label", describe(seat, mine));
  }

  function update(label, state) {
    const seat = seats.get(label);
    if (!seat || seat.state === state) return;
    seat.state = state;
    dress(seat);
  }

  function choose(labels) {
    const before = chosen;
    chosen = new Set(labels);
    for (const label of new Set([...before, ...chosen])) if (seats.has(label)) dress(seats.get(label));
    ticks.replaceChildren(
      ...[...chosen].map((label) => seats.get(label)).filter(Boolean).map(({ x, y }) => s("path", { d: TICK, transform: `translate(${x} ${y})` })),
    );
  }

  function act(seat) {
    if (chosen.has(seat.label) || seat.state === "available") onToggle(seat);
    else onRefuse(seat);
    tell({ target: cells.get(seat.label) });
  }

  function focus(seat, { visibly = true } = {}) {
    cells.get(current.label).setAttribute("tabindex", "-1");
    current = seat;
    const node = cells.get(seat.label);
    node.setAttribute("tabindex", "0");
    if (!visibly) return;
    node.focus({ preventScroll: true });
    zoom.reveal(seat, Math.min(CLOSE, Math.max(1, TAPPABLE_PX / zoom.unit() / 10)));
  }

  svg.addEventListener("click", (event) => {
    if (zoom.dragged()) return;
    const touch = event.pointerType === "touch" || event.pointerType === "pen";
    if (touch && zoom.unit() * 10 < TAPPABLE_PX) {
      zoom.by(TAPPABLE_PX / (zoom.unit() * 10) + 0.4, event.clientX, event.clientY);
      return;
    }
    const seat = event.target.seat ?? nearest(plan.seats, zoom.at(event.clientX, event.clientY), NEAR_PX / 2 / zoom.unit());
    if (!seat) return;
    focus(seat, { visibly: false });
    act(seat);
  });

  svg.addEventListener("keydown", (event) => {
    const action = KEYS[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (action === "act") act(current);
    else if (typeof action === "number") zoom.by(action);
    else focus(action(plan, current));
  });

  svg.addEventListener("focusin", (event) => {
    const seat = event.target.seat;
    if (!seat) return;
    ring.toggleAttribute("hidden", !event.target.matches(":focus-visible"));
    ring.setAttribute("transform", `translate(${seat.x} ${seat.y})`);
  });
  svg.addEventListener("focusout", () => ring.setAttribute("hidden", ""));
  focus(middle(plan.rows[0]), { visibly: false });

  const info = h("p", { class: "seatinfo", "aria-hidden": "true" });
  const tell = (event) => {
    const seat = event.target.seat;
    info.textContent = seat ? describe(seat, chosen.has(seat.label)) : "";
  };
  svg.addEventListener("pointerover", tell);
  svg.addEventListener("focusin", tell);

  return {
    node: h("div", { class: "mapframe" }, svg, info, buttons(zoom)),
    plan,
    seats,
    update,
    /** All seats that are not in `states` are free. */
    snapshot: (states) => plan.seats.forEach((seat) => update(seat.label, states[seat.label] ?? "available")),
    choose,
    reveal: (some) => some[Math.floor(some.length / 2)] && zoom.reveal(some[Math.floor(some.length / 2)], Math.min(CLOSE, Math.max(1, 14 / (zoom.unit() * 10)))),
  };
}

const outline = (zone, state) => (state === "sold" ? SOLD : shapeOf(zone));

function describe({ row, number, zone, state }, mine) {
  zone.words ??= `${zone.name}, ${money(zone.price)}`;
  return `Row ${row.name}, seat ${number}, ${zone.words}, ${mine ? "chosen" : WORDS[state]}`;
}

function nearest(seats, { x, y }, reach) {
  let found = null;
  let least = reach;
  for (const seat of seats) {
    const distance = Math.hypot(seat.x - x, seat.y - y);
    if (distance < least) [found, least] = [seat, distance];
  }
  return found;
}

const KEYS = {
  ArrowLeft: (plan, { at: [row, column] }) => seatAt(plan, row, column - 1),
  ArrowRight: (plan, { at: [row, column] }) => seatAt(plan, row, column + 1),
  ArrowUp: (plan, seat) => above(plan, seat, -1),
  ArrowDown: (plan, seat) => above(plan, seat, 1),
  Home: (plan, { at: [row] }) => seatAt(plan, row, 0),
  End: (plan, { at: [row] }) => seatAt(plan, row, Infinity),
  PageUp: (plan, seat) => zoneBeside(plan, seat, -1),
  PageDown: (plan, seat) => zoneBeside(plan, seat, 1),
  Enter: "act",
  " ": "act",
  "+": 1.5,
  "=": 1.5,
  "-": 1 / 1.5,
};

function seatAt({ rows }, row, column) {
  const seats = rows[Math.min(rows.length - 1, Math.max(0, row))].seats;
  return seats[Math.min(seats.length - 1, Math.max(0, column))];
}

function above({ rows }, seat, step) {
  const row = rows[seat.at[0] + step];
  return row ? row.seats.reduce((a, b) => (Math.abs(b.x - seat.x) < Math.abs(a.x - seat.x) ? b : a)) : seat;
}

function zoneBeside({ zones }, seat, step) {
  const zone = zones[seat.zone.index + step];
  return zone ? middle(zone.rows[0]) : seat;
}

const middle = ({ seats }) => seats[Math.floor(seats.length / 2)];

/** The stage, and the names of zones and rows: to look at, the seats say it themselves. */
function scenery({ zones, rows, grain, stage: { width, radius } }) {
  const half = width / 2;
  const arc = `M${-half} 0A${radius} ${radius} 0 0 0 ${half} 0L${half * 0.9} 14A${radius} ${radius} 0 0 1 ${-half * 0.9} 14z`;
  return s(
    "g",
    { class: "scenery", "aria-hidden": "true" },
    s("path", { class: "stage", d: arc }),
    s("text", { class: "stagename", x: 0, y: 14, "font-size": 6 * grain }, "STAGE"),
    zones.length > 1 && zones.map((zone) => s("text", { class: "zonename", x: 0, y: middle(zone.rows[0]).y - 8, "font-size": 8 * grain }, zone.name)),
    rows.map(({ name, seats }) => [
      s("text", { class: "rowname", x: seats[0].x - 11, y: seats[0].y + 1.8 }, name),
      s("text", { class: "rowname", x: seats.at(-1).x + 11, y: seats.at(-1).y + 1.8 }, name),
    ]),
  );
}

function buttons(zoom) {
  const button = (label, sign, act) => h("button", { type: "button", "aria-label": label, title: label, onclick: act }, sign);
  return h(
    "div",
    { class: "zoombuttons" },
    button("Zoom in", "+", () => zoom.by(1.6)),
    button("Zoom out", "−", () => zoom.by(1 / 1.6)),
    button("Show all seats", "⤢", () => zoom.reset()),
  );
}
