// Where each seat is drawn. The API tells labels in the order of the plan, not places: rows become arcs before a stage.

export const PITCH = 10;
const ROW = 11.5;
const AISLE = 11;
const SEATS_IN_BLOCK = 12;
const MOST_STRETCH = 1.8;
const FAN = 0.3;
const CURVE = 1.05;
const STAGE_DEPTH = 42;
const ROW_NAMES = 18;

/**
 * `[{label, zone, state, price}]` → `{zones: [{name, price, index, rows: [{name, seats}]}], rows, seats, box, …}`, where a
 * seat is `{label, zone, row, number, x, y, turn, price, state, at: [row, column]}`; `box` is `{x, y, width, height}` and
 * `grain` how much larger than seats the names of zones are.
 */
export function layout(list) {
  const zones = grouped(list);
  const widest = Math.max(...zones.flatMap(({ rows }) => rows.map(({ seats }) => width(seats.length, 1))));
  const radius = Math.max(widest * CURVE, 150);
  const number = zones.reduce((sum, { rows }) => sum + rows.length, 0);
  const grain = Math.min(1.9, Math.max(1, Math.sqrt(number / 18)));
  let y = STAGE_DEPTH;
  let index = 0;
  for (const zone of zones) {
    y += zone.index ? 8 + 12 * grain : 0;
    for (const row of zone.rows) {
      place(row, { y, radius, room: widest * (1 + (FAN * index) / number) });
      row.seats.forEach((seat, column) => (seat.at = [index, column]));
      index += 1;
      y += ROW;
    }
  }
  const seats = zones.flatMap(({ rows }) => rows.flatMap((row) => row.seats));
  return { zones, rows: zones.flatMap(({ rows }) => rows), seats, grain, stage: { width: widest * 0.55, radius }, box: around(seats) };
}

/** Seats by zone and row. A row goes on as long as its numbers count up; a new one begins with seat 1. */
function grouped(list) {
  const zones = [];
  let row = null;
  for (const { label, zone: name, price, state } of list) {
    let zone = zones.at(-1);
    if (zone?.name !== name) {
      zone = { name, price, index: zones.length, rows: [] };
      zones.push(zone);
      row = null;
    }
    if (!row || label !== `${row.name}${row.seats.length + 1}`) {
      row = { name: label.slice(0, -1), zone, seats: [] };
      zone.rows.push(row);
    }
    row.seats.push({ label, zone, row, number: row.seats.length + 1, price, state });
  }
  return zones;
}

/** Seats in blocks of about a dozen with aisles between them, centred on the arc, spread into the `room` there is. */
function place(row, { y, radius, room }) {
  const number = row.seats.length;
  const stretch = Math.min(MOST_STRETCH, Math.max(1, room / width(number, 1)));
  const half = width(number, stretch) / 2;
  const blocks = blocksOf(number);
  row.seats.forEach((seat, at) => {
    const along = at * PITCH * stretch + Math.floor((at * blocks) / number) * AISLE - half;
    const angle = along / (radius + y);
    seat.x = (radius + y) * Math.sin(angle);
    seat.y = (radius + y) * Math.cos(angle) - radius;
    seat.turn = (-angle * 180) / Math.PI;
  });
}

const blocksOf = (number) => Math.max(1, Math.round(number / SEATS_IN_BLOCK));
const width = (number, stretch) => (number - 1) * PITCH * stretch + (blocksOf(number) - 1) * AISLE;

function around(seats) {
  const xs = seats.map(({ x }) => x);
  const ys = seats.map(({ y }) => y);
  const left = Math.min(...xs) - ROW_NAMES;
  const top = Math.min(-6, Math.min(...ys) - 12);
  return { x: left, y: top, width: Math.max(...xs) + ROW_NAMES - left, height: Math.max(...ys) + 14 - top };
}
