// The venues of the organiser who is signed in.

import { all } from "./api.js";

/** `{id, name, city, timezone, zones: [name]}` by name; with `currency` and `prices` where one of the performances is. */
export async function venuesOf(performances, options) {
  const last = new Map(performances.map((performance) => [performance.venue_id, performance.prices]));
  const venues = (await all("/api/venues", options)).map(({ id, name, city, timezone, zones }) => {
    const names = zones.map((zone) => zone.name);
    const prices = last.get(id);
    return { id, name, city, timezone, zones: names, currency: prices?.[names[0]]?.currency, prices };
  });
  return venues.sort((a, b) => a.name.localeCompare(b.name));
}
