// The API: JSON in and out, problems as exceptions, and manners: who is told "busy" waits as long as asked.

import { record } from "./calls.js";

const setting = document.querySelector('meta[name="api-origin"]')?.content;
export const ORIGIN = setting || location.origin;
const CREDENTIALS = ORIGIN === location.origin ? "same-origin" : "include";
const MOST_TRIES = 6;
const LONGEST_WAIT_MS = 15_000;

/** Tells `busy` {wait, attempt}, `answered` and `offline`. */
export const weather = new EventTarget();

const hooks = { unauthenticated: async () => false };

/** What to do on 401: `signIn()` resolves to whether the call may be made again. */
export function onUnauthenticated(signIn) {
  hooks.unauthenticated = signIn;
}

const LOST = "The answer got lost on its way. Look whether it worked before you try again.";
const isAway = (status) => status === 502 || status === 503 || status === 504;

/**
 * An answer other than success. `status` is 0 when there was none, `slug` the last part of the problem's type.
 * `afterDoubt`: an earlier try of the same call may have worked, only its answer was lost.
 */
export class Problem extends Error {
  constructor(status, body = {}, retryAfter = 0) {
    super(body.detail || (isAway(status) ? LOST : body.title) || (status ? `The server answered ${status}.` : "There is no connection."));
    const slug = String(body.type ?? "").split("/").at(-1);
    Object.assign(this, { name: "Problem", status, body, retryAfter, slug, afterDoubt: false });
  }
}

export const url = (path) => new URL(path, ORIGIN).href;

export const get = (path, options) => request("GET", path, options);
export const post = (path, body, options) => request("POST", path, { body, ...options });
export const put = (path, body, options) => request("PUT", path, { body, ...options });
export const del = (path, options) => request("DELETE", path, options);

/** What `call` answers; null where the problem has `status`, because what was wanted is so already. */
export async function quietly(call, status) {
  try {
    return await call;
  } catch (problem) {
    if (problem.status === status) return null;
    throw problem;
  }
}

/** All items of a list whose pages are few; stops after `most` pages. */
export async function all(path, { most = 5, ...options } = {}) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < most; page += 1) {
    const answer = await get(withQuery(path, { limit: 100, cursor }), options);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  return items;
}

export function withQuery(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

let skew = 0;

/** Now by the server's clock, in milliseconds: deadlines are the server's. */
export const serverNow = () => Date.now() + skew;

/**
 * `anonymous`: 401 is an answer, not a reason to ask for a password.
 * `key`: the Idempotency-Key, which makes a POST safe to repeat. `insist`: repeat it without one; the caller looks at
 * `afterDoubt` of a problem. `tries`: how often, at most.
 */
export async function request(method, path, { body, key, signal, anonymous = false, insist = false, tries = MOST_TRIES } = {}) {
  const repeatable = method !== "POST" || Boolean(key) || insist;
  let doubt = false;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await once(method, path, { body, key, signal });
    if (!(outcome instanceof Problem)) {
      weather.dispatchEvent(new Event("answered"));
      return outcome;
    }
    if (outcome.status === 401 && !anonymous && (await hooks.unauthenticated())) {
      anonymous = true;
      continue;
    }
    outcome.afterDoubt = doubt;
    const wait = attempt < tries ? patience(outcome, { repeatable, attempt }) : null;
    if (wait === null) throw outcome;
    doubt ||= outcome.slug !== "busy";
    weather.dispatchEvent(new CustomEvent(outcome.status ? "busy" : "offline", { detail: { wait, attempt } }));
    await pause(wait, signal);
  }
}

async function once(method, path, { body, key, signal }) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  const started = performance.now();
  let response;
  try {
    response = await fetch(url(path), {
      method,
      headers,
      credentials: CREDENTIALS,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    record({ method, path, status: 0, ms: performance.now() - started });
    return new Problem(0);
  }
  const ms = performance.now() - started;
  record({ method, path, status: response.status, servedBy: response.headers.get("x-served-by"), version: response.headers.get("x-version"), ms });
  const date = Date.parse(response.headers.get("date") ?? "");
  if (date && ms < 2000) skew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  let content = null;
  try {
    content = await parsed(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    if (response.ok) return new Problem(0); // the answer was cut off on its way
  }
  if (response.ok) return content;
  return new Problem(response.status, content ?? {}, Number(response.headers.get("retry-after")) || 0);
}

async function parsed(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** Milliseconds to wait before the same call again, or null: do not repeat it. */
function patience({ status, slug, retryAfter }, { attempt, repeatable }) {
  const refusedAtTheDoor = slug === "busy";
  if (!(refusedAtTheDoor || (repeatable && (isAway(status) || (status === 0 && attempt < 3))))) return null;
  const asked = Math.max(retryAfter, 0.6) * 1000;
  return Math.min(LONGEST_WAIT_MS, asked * 1.5 ** (attempt - 1) * (1 + Math.random() / 2));
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
