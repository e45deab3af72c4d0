// A memory of the last calls: who answered and how fast. The tier bar shows it.

const KEPT = 60;

export const calls = Object.assign(new EventTarget(), { list: [] });

/** `servedBy` is the header `X-Served-By`: `orders/app-2@local`; `version` is `X-Version`. */
export function record({ method, path, status, servedBy, version, ms }) {
  const [, service, instance, region] = /^([^/]+)\/(.+)@([^@]+)$/.exec(servedBy ?? "") ?? [];
  calls.list = [...calls.list, { method, path, status, service, instance, region, version, ms, at: Date.now() }].slice(-KEPT);
  calls.dispatchEvent(new Event("call"));
}
