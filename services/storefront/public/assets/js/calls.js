// A memory of the last calls: who answered and how fast. The tier bar shows it.

const KEPT = 60;

export const calls = Object.assign(new EventTarget(), { list: [] });

/** `servedBy` is the header `X-Served-By`: `orders/app-2@local`. */
export function record({ method, path, status, servedBy, ms }) {
  const [, service, instance, region] = /^([^/]+)\/(.+)@([^@]+)$/.exec(servedBy ?? "") ?? [];
  calls.list = [...calls.list, { method, path, status, service, instance, region, ms, at: Date.now() }].slice(-KEPT);
  calls.dispatchEvent(new Event("call"));
}
