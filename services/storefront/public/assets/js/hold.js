// The seats that are held for this browser: one hold at a time, kept for the tab.

import { Problem, del, post, serverNow } from "./api.js";

const KEY = "boxoffice.hold";

export const changes = new EventTarget();

/** `{id, performance_id, seats, total, expires_at, show, venue, starts_at, timezone, keys}` or null. */
export function current() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (kept && secondsLeft(kept) <= 0) {
    forget();
    return null;
  }
  return kept;
}

export const secondsLeft = (hold) => (Date.parse(hold.expires_at) - serverNow()) / 1000;

/**
 * Hold `labels` of a performance as the catalog shows it; an earlier hold is let go first. A call whose answer was lost
 * is made again: if the first one worked after all, the seats show as taken (`afterDoubt`) until that hold ends.
 */
export async function take(performance, labels) {
  await release();
  const hold = await post("/api/holds", { performance_id: performance.id, seats: labels }, { insist: true });
  const { show, venue, city, starts_at, timezone } = performance;
  keep({ ...hold, show, venue, city, starts_at, timezone, keys: {} });
  return hold;
}

export async function release() {
  const hold = current();
  if (!hold) return;
  forget();
  try {
    await del(`/api/holds/${hold.id}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // it ends by itself
  }
}

/** The Idempotency-Key for paying this hold with `token`: the same for every try. */
export function orderKey(hold, token) {
  const kept = current() ?? hold;
  kept.keys[token] ??= crypto.randomUUID();
  keep(kept);
  return kept.keys[token];
}

export function forget() {
  sessionStorage.removeItem(KEY);
  changes.dispatchEvent(new Event("change"));
}

function keep(hold) {
  sessionStorage.setItem(KEY, JSON.stringify(hold));
  changes.dispatchEvent(new Event("change"));
}
