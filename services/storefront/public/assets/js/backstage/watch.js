// Asks once a second for the state of the system, and not while nobody looks.

import { get } from "../api.js";

const EVERY_MS = 1000;
const PATIENCE_MS = 5000;

/** `onAnswer(state, ms)` and `onTrouble(problem)` until `signal` aborts; a problem that will stay ends it. */
export function watch({ signal, onAnswer, onTrouble }) {
  let timer = 0;
  let asking = false;

  async function ask() {
    if (asking || document.hidden || signal.aborted) return;
    asking = true;
    const began = performance.now();
    let pause = EVERY_MS;
    try {
      const state = await get("/api/backstage", { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]), tries: 1 });
      if (!signal.aborted) onAnswer(state, performance.now() - began);
    } catch (problem) {
      if (signal.aborted) return;
      onTrouble(problem);
      if (problem.status === 401 || problem.status === 403) return;
      pause = Math.max(pause, (problem.retryAfter ?? 0) * 1000);
    } finally {
      asking = false;
    }
    timer = setTimeout(ask, Math.max(200, pause - (performance.now() - began)));
  }

  const shown = () => {
    clearTimeout(timer);
    ask();
  };
  document.addEventListener("visibilitychange", shown);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", shown);
  });
  ask();
}
