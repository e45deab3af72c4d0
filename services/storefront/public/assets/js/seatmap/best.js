// The best seats that are free: together, near the stage, in the middle.

const ROW_WEIGHT = 14;
const AISLE_WEIGHT = 40;
const AISLE_GAP = 1.4;

/**
 * `number` free seats of `rows` (as `layout` makes them), in the zone called `zone` or anywhere; null when there are
 * too few. Seats side by side first; if no row has that many, the closest that there are.
 */
export function best(rows, number, zone = "") {
  const wanted = rows.map((row, depth) => ({ row, depth })).filter(({ row }) => !zone || row.zone.name === zone);
  const first = wanted[0]?.depth ?? 0;
  const cost = (seat, depth) => Math.abs(seat.x) + (depth - first) * ROW_WEIGHT;
  let found = null;
  for (const { row, depth } of wanted) {
    for (const run of runs(row.seats, number)) {
      const price = run.reduce((sum, seat) => sum + cost(seat, depth), aisles(run) * AISLE_WEIGHT * number);
      if (!found || price < found.price) found = { run, price };
    }
  }
  return found?.run ?? scattered(wanted, number, cost);
}

/** Every stretch of `number` free neighbours. */
function* runs(seats, number) {
  for (let start = 0; start + number <= seats.length; start += 1) {
    const run = seats.slice(start, start + number);
    if (run.every(isFree)) yield run;
  }
}

function scattered(wanted, number, cost) {
  const free = wanted.flatMap(({ row, depth }) => row.seats.filter(isFree).map((seat) => ({ seat, price: cost(seat, depth) })));
  if (free.length < number) return null;
  return free.sort((a, b) => a.price - b.price).slice(0, number).map(({ seat }) => seat);
}

const aisles = (run) => run.filter((seat, at) => at && seat.x - run[at - 1].x > widest(seat) * AISLE_GAP).length;
const widest = ({ row: { seats } }) => seats[1].x - seats[0].x;
const isFree = ({ state }) => state === "available";
