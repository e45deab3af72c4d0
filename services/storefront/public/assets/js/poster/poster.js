// A poster for every show, drawn from its data: the same show always has the same poster.

import { s } from "../dom.js";
import { motifOf } from "./motifs.js";
import { pick, randomOf } from "./random.js";

const WIDTH = 300;
const MARGIN = 22;
const TITLE_BOTTOM = 388;

// Inks that were made for each other: the sheet, three inks, and the letters that can be read on the sheet.
const INKS = [
  { paper: "#f3e3c7", a: "#d8412f", b: "#f0a33b", c: "#1d2a44", type: "#1d2a44" },
  { paper: "#16324a", a: "#f2b84b", b: "#e2593f", c: "#f5e9d3", type: "#f5e9d3" },
  { paper: "#f7d9cf", a: "#c2334d", b: "#f08a5d", c: "#46203f", type: "#46203f" },
  { paper: "#20392f", a: "#e9c46a", b: "#6fa287", c: "#f4ead5", type: "#f4ead5" },
  { paper: "#efe6d2", a: "#2a7f78", b: "#f2a65a", c: "#17333b", type: "#17333b" },
  { paper: "#2b1b34", a: "#ef6f6c", b: "#7d5ba6", c: "#f7dfb8", type: "#f7dfb8" },
  { paper: "#f2c14e", a: "#d1432c", b: "#fbead0", c: "#24313f", type: "#24313f" },
  { paper: "#c63d2f", a: "#f7c873", b: "#8d1f24", c: "#fdf0dc", type: "#fdf0dc" },
  { paper: "#dfe5da", a: "#355c9a", b: "#e8836b", c: "#182a4d", type: "#182a4d" },
];

const FACES = [
  { family: `"Iowan Old Style", "Palatino Linotype", P052, "URW Palladio L", Georgia, serif`, weight: 700, tight: -0.03, lead: 0.94 },
  { family: `"Avenir Next Condensed", "Arial Narrow", "Nimbus Sans Narrow", "Liberation Sans Narrow", sans-serif`, weight: 700, upper: true, tight: -0.01, lead: 0.92 },
];

/** An SVG of `{title, genre}`. The words on it are said elsewhere on the page, so it is hidden from screen readers. */
export function poster({ title, genre }) {
  const random = randomOf(title);
  const inks = pick(random, INKS);
  const face = pick(random, FACES);
  const lines = set(face.upper ? title.toUpperCase() : title, face);
  const top = TITLE_BOTTOM - lines.rows.length * lines.size * face.lead;
  return s(
    "svg",
    { class: "poster", viewBox: "0 0 300 420", "aria-hidden": "true", focusable: "false" },
    s("rect", { width: 300, height: 420, fill: inks.paper }),
    s("g", { "clip-path": null }, motifOf(genre, random)(random, inks)),
    s("rect", { y: Math.min(300, top - 12), width: 300, height: 420, fill: inks.paper }),
    s("rect", { x: MARGIN, y: Math.min(300, top - 12) + 1, width: WIDTH - 2 * MARGIN, height: 3, fill: inks.type }),
    lines.rows.map((row, n) =>
      s(
        "text",
        {
          x: MARGIN - 1,
          y: top + (n + 0.86) * lines.size * face.lead + 4,
          fill: inks.type,
          "font-family": face.family,
          "font-weight": face.weight,
          "font-size": lines.size,
          "letter-spacing": `${face.tight}em`,
        },
        row,
      ),
    ),
    s(
      "text",
      { x: MARGIN, y: 407, fill: inks.type, "font-family": "system-ui, sans-serif", "font-size": 9.5, "font-weight": 600, "letter-spacing": "0.12em" },
      genre.toUpperCase(),
    ),
  );
}

/** The title in the largest letters that fit, in at most three lines. */
function set(title, face) {
  const words = title.split(/\s+/);
  for (let size = 58; size > 20; size -= 2) {
    const rows = wrap(words, (text) => measure(text, size, face) <= WIDTH - 2 * MARGIN);
    if (rows && rows.length <= (size > 40 ? 2 : 3)) return { rows, size };
  }
  return { rows: wrap(words, () => true), size: 20 };
}

function wrap(words, fits) {
  const rows = [];
  for (const word of words) {
    const longer = rows.length ? `${rows.at(-1)} ${word}` : word;
    if (rows.length && fits(longer)) rows[rows.length - 1] = longer;
    else if (fits(word)) rows.push(word);
    else return null;
  }
  return rows;
}

let ruler;

function measure(text, size, { family, weight, tight }) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = `${weight} ${size}px ${family}`;
  return ruler.measureText(text).width + text.length * size * tight;
}
