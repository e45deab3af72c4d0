// A time on the clock of a place, as a moment.

/** `2026-12-04T19:30` at `timeZone` as an ISO time in UTC. */
export function momentAt(local, timeZone) {
  const wanted = Date.parse(`${local}Z`);
  // Twice: the first guess may lie on the other side of a change to or from summer time.
  const first = wanted - offset(wanted, timeZone);
  return new Date(wanted - offset(first, timeZone)).toISOString();
}

/** How far the clock of `timeZone` is ahead of UTC at a moment, in milliseconds. */
function offset(moment, timeZone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(moment);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1000) * 1000;
}
