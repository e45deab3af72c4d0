// What the shapes and colours of the seat map mean.

import { h, s } from "../dom.js";
import { money } from "../format.js";
import { SOLD, SHAPES, shapeOf } from "./shapes.js";

export function legend(zones) {
  const entry = (shape, classes, words) =>
    h("li", null, s("svg", { viewBox: "-6 -6 12 12", class: "seats", "aria-hidden": "true" }, s("g", { class: classes[0] }, s("path", { class: `seat ${classes[1]}`, d: shape }))), words);
  return h(
    "ul",
    { class: "legend", "aria-label": "Legend" },
    zones.map((zone) => entry(shapeOf(zone), [`i${zone.index % 6}`, "available"], `${zone.name} ${money(zone.price)}`)),
    entry(SHAPES[0], ["", "chosen"], "Yours"),
    entry(SHAPES[0], ["", "held"], "Held"),
    entry(SOLD, ["", "sold"], "Sold"),
  );
}
