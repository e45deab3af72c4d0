// What is remembered of the last minutes, also while another page is looked at: points to plot, instances that went.

const KEPT = 300;
const GAP_S = 3;
const GONE_MS = 30_000;

/** Each series of the plots: how to read it from a state. */
export const SERIES = {
  answered: ({ total: { per_second: rate } }) => (rate.requests_2xx ?? 0) + (rate.requests_3xx ?? 0),
  refused: ({ total: { per_second: rate } }) => rate.requests_4xx ?? 0,
  failed: ({ total: { per_second: rate } }) => (rate.requests_5xx ?? 0) + (rate.requests_0xx ?? 0),
  p50: ({ total }) => total.p50_ms,
  p95: ({ total }) => total.p95_ms,
  holds: ({ total }) => total.per_second.seats_holds_total ?? 0,
  orders: ({ total }) => total.per_second.orders_confirmed_total ?? 0,
  seats: ({ total }) => total.per_second.seats_sold_total ?? 0,
  outbox: ({ total }) => total.outbox_depth,
  lag: ({ total }) => total.consumer_lag,
};

const points = Object.fromEntries(["time", ...Object.keys(SERIES)].map((name) => [name, []]));
const instances = new Map();

/** Remember `state`. A time without answers becomes a gap in the lines. */
export function remember(state, now = Date.now()) {
  const at = now / 1000;
  const last = points.time.at(-1);
  if (last !== undefined && at - last > GAP_S) push(last + 1, () => null);
  push(at, (read) => read(state));
  for (const instance of state.instances) instances.set(instance.name, { ...instance, seen: now });
}

function push(at, value) {
  points.time.push(at);
  for (const [name, read] of Object.entries(SERIES)) points[name].push(value(read));
  if (points.time.length > KEPT) for (const list of Object.values(points)) list.shift();
}

/** Times and the values of `names`, as uPlot takes them. */
export const plotted = (names) => [points.time, ...names.map((name) => points[name])];

/** What is there, and for half a minute what was: with state `left` after it said so, else `gone`. */
export function cast({ instances: present }, now = Date.now()) {
  const here = new Set(present.map(({ name }) => name));
  for (const [name, { seen }] of instances) if (now - seen > GONE_MS) instances.delete(name);
  return [...instances.values()]
    .map((instance) => (here.has(instance.name) ? instance : { ...instance, state: instance.state === "draining" ? "left" : "gone" }))
    .toSorted((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
}
