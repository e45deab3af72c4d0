// Health by shape and word, not by colour alone; numbers as short as they can be read.

import { h, s } from "../dom.js";

const MARKS = {
  good: ["M10 1a9 9 0 1 1 0 18a9 9 0 0 1 0-18z", "M6 10.500l3 3 5.500-6.500"],
  warn: ["M10 1.500 19 18H1z", "M10 7v5m0 3v.1"],
  leaving: ["M2 2h16v16H2z", "M10 5.500v8m-3.500-3 3.500 3.500 3.500-3.500"],
  bad: ["M6 1h8l5 5v8l-5 5H6l-5-5V6z", "m7 7 6 6m0-6-6 6"],
};

const KINDS = { ready: "good", waiting: "warn", partly: "warn", draining: "leaving", left: "leaving", gone: "bad", away: "bad" };
const WORDS = { partly: "in part", away: "no answer" };

/** `ready`, `waiting`, `partly`, `draining`, `left`, `gone` or `away`; `word` may say it in another way. */
export function health(state, word = WORDS[state] ?? state) {
  const kind = KINDS[state];
  const [shape, sign] = MARKS[kind];
  return h(
    "span",
    { class: `health ${kind}` },
    s("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { class: "shape", d: shape }), s("path", { class: "sign", d: sign })),
    word,
  );
}

export const isWell = (state) => KINDS[state] === "good";

/** `0`, `3.4`, `128`, `12,400`: a rate or a time. */
export function short(value) {
  if (value === null || value === undefined) return "–";
  const digits = value > 0 && value < 9.95 ? 1 : 0;
  return value.toLocaleString("en-GB", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

/** `8.2 ms`, `340 ms`, `1.6 s` */
export function ms(value) {
  if (value === null || value === undefined) return "–";
  return value < 1000 ? `${short(value)} ms` : `${short(value / 1000)} s`;
}
