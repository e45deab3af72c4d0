// The last minute of one number, as a line.

import { s } from "../dom.js";

const KEPT = 60;

export function spark() {
  const values = [];
  const line = s("path", { class: "line" });
  const area = s("path", { class: "area" });
  const node = s("svg", { class: "sparkline", viewBox: `0 0 ${KEPT - 1} 20`, preserveAspectRatio: "none", "aria-hidden": "true" }, area, line);

  function add(value) {
    values.push(value);
    if (values.length > KEPT) values.shift();
    const most = Math.max(1, ...values);
    const start = KEPT - values.length;
    const d = values.map((each, at) => `${at ? "L" : "M"}${start + at} ${(19 - (18 * each) / most).toFixed(2)}`).join("");
    line.setAttribute("d", d);
    area.setAttribute("d", `${d}L${KEPT - 1} 20L${start} 20z`);
  }

  return { node, add };
}
