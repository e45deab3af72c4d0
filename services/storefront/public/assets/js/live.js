// Server-sent events that come back by themselves, for as long as a view is shown.

import { ORIGIN, url } from "./api.js";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Follow a stream until `signal` aborts or the function returned is called.
 * `events` maps names to handlers of their data; `onState("live" | "lost")` tells how the line is.
 * A browser repairs a broken line by itself, but not one that was answered with an error: `onRefused` is asked then.
 */
export function follow(path, { events, onState = () => {}, onRefused = () => {}, signal }) {
  let source;
  let timer;
  let pause = FIRST_PAUSE_MS;

  function open() {
    source = new EventSource(url(path), { withCredentials: ORIGIN !== location.origin });
    source.onopen = () => {
      pause = FIRST_PAUSE_MS;
      onState("live");
    };
    source.onerror = () => {
      onState("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      onRefused();
      timer = setTimeout(open, pause * (1 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
    for (const [name, handle] of Object.entries(events)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  }

  function close() {
    clearTimeout(timer);
    source?.close();
  }

  open();
  signal?.addEventListener("abort", close, { once: true });
  return close;
}
