// Venues that this browser knows: of performances that are on, and those that were made here. The API has no list of them.

const KEY = "boxoffice.venues";

const kept = () => JSON.parse(localStorage.getItem(KEY) ?? "[]");

/** `{id, name, city, timezone, zones: [name], currency}` */
export function remember(venue) {
  localStorage.setItem(KEY, JSON.stringify([venue, ...kept().filter(({ id }) => id !== venue.id)].slice(0, 50)));
}

/** All that are known, by name, given performances as the catalog shows them. */
export function known(performances) {
  const venues = new Map(kept().map((venue) => [venue.id, venue]));
  for (const { venue_id: id, venue: name, city, timezone, prices } of performances) {
    const zones = Object.keys(prices);
    venues.set(id, { id, name, city, timezone, zones, currency: prices[zones[0]]?.currency, prices });
  }
  return [...venues.values()].sort((a, b) => a.name.localeCompare(b.name));
}
