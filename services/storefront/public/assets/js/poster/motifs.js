// Pictures for posters, by genre: flat shapes in three inks on a sheet of 300 × 420, like a screen print.
// A motif is `(random, {paper, a, b, c}) => SVG nodes`; the lower third belongs to the title.

import { s } from "../dom.js";
import { between, pick } from "./random.js";

const W = 300;
const H = 420;

const circle = (cx, cy, r, fill, more) => s("circle", { cx, cy, r, fill, ...more });
const shape = (d, fill, more) => s("path", { d, fill, ...more });
const stroke = (d, colour, width, more) => s("path", { d, fill: "none", stroke: colour, "stroke-width": width, ...more });
const rect = (x, y, width, height, fill, more) => s("rect", { x, y, width, height, fill, ...more });
const times = (number, make) => Array.from({ length: number }, (_, at) => make(at));
const polar = (cx, cy, r, turn) => [cx + r * Math.cos(turn * 2 * Math.PI), cy + r * Math.sin(turn * 2 * Math.PI)];
const at = (number) => number.toFixed(1);
const points = (list) => `M${list.map(([x, y]) => `${at(x)} ${at(y)}`).join("L")}`;

/** A wavy line from edge to edge. */
function wave(y, height, length, phase) {
  return points(times(61, (n) => [n * 5, y + height * Math.sin((n * 5) / length + phase)]));
}

function lamp(random, { a, b, c }) {
  const x = between(random, 120, 180);
  const moth = () => {
    const [mx, my, tilt] = [between(random, 40, 260), between(random, 120, 270), between(random, -60, 60)];
    const wing = "M0 0C4-9 13-9 12-1 11 5 4 4 0 0C-4-9-13-9-12-1-11 5-4 4 0 0";
    return shape(wing, c, { transform: `translate(${at(mx)} ${at(my)}) rotate(${at(tilt)}) scale(${at(between(random, 0.6, 1.1))})` });
  };
  return [
    shape(`M${x - 26} 92L${x - 175} 420H${x + 175}L${x + 26} 92z`, b),
    stroke(`M${x} 0V56`, c, 3),
    shape(`M${x - 44} 96a44 44 0 0 1 88 0z`, a),
    circle(x, 97, 12, c),
    times(10, moth),
  ];
}

function lighthouse(random, { a, b, c }) {
  const [x, y] = [between(random, 95, 205), 108];
  const turn = random();
  const beam = (n) => {
    const [from, to] = [(n + turn) / 9, (n + turn + 0.45) / 9];
    return shape(points([[x, y], polar(x, y, 480, from), polar(x, y, 480, to)]), n % 2 ? a : b);
  };
  return [
    times(9, beam),
    shape(`M${x - 17} 124h34l13 170h-60z`, c),
    rect(x - 23, 114, 46, 10, c),
    shape(`M${x - 15} 90a15 15 0 0 1 30 0v24h-30z`, c),
    circle(x, 102, 8, b),
    times(4, (n) => stroke(wave(276 + n * 11, 5, 14, n * 1.7), n % 2 ? a : c, 6)),
  ];
}

function bloom(random, { a, b, c }) {
  const petals = pick(random, [5, 6, 7, 9]);
  const depth = between(random, 0.16, 0.3);
  const ring = (n) => {
    const size = 135 - n * 14;
    const line = times(181, (k) => {
      const turn = k / 180;
      return polar(150, 158, size * (1 - depth + depth * Math.cos(turn * petals * 2 * Math.PI + n * 0.55)), turn);
    });
    return shape(`${points(line)}z`, [a, b, c][n % 3]);
  };
  return times(9, ring);
}

function grin(random, { a, b, c }) {
  const row = (y, size, colours) =>
    times(Math.ceil(W / size) + 1, (n) => shape(`M${n * size - size / 2} ${y}a${size / 2} ${size / 2} 0 0 0 ${size} 0z`, colours[n % 2]));
  return [
    circle(150, 150, 118, a),
    circle(108, 118, 15, c),
    circle(192, 118, 15, c),
    shape("M82 158a68 68 0 0 0 136 0z", c),
    shape("M104 158h92v10H104z", b),
    shape(`M118 213a40 40 0 0 1 64 0 68 68 0 0 1-64 0z`, b),
    row(0, pick(random, [30, 50, 60]), [b, c]),
  ];
}

function quilt(random, { a, b, c, paper }) {
  const size = 60;
  const patch = (n) => {
    const [x, y] = [(n % 5) * size, Math.floor(n / 5) * size];
    const [ground, figure] = pick(random, [[a, b], [b, a], [c, b], [a, c], [paper, a], [b, c]]);
    const turn = Math.floor(random() * 4) * 90;
    const figures = [
      `M0 0h60a60 60 0 0 1-60 60z`,
      `M0 0a30 30 0 0 0 60 0zM0 60a30 30 0 0 1 60 0z`,
      `M0 0h60L0 60z`,
      `M30 0 60 30 30 60 0 30z`,
    ];
    return s(
      "g",
      { transform: `translate(${x} ${y}) rotate(${turn} 30 30)` },
      rect(0, 0, 60.5, 60.5, ground),
      shape(pick(random, figures), figure),
    );
  };
  return times(25, patch);
}

function curtain(random, { a, b, c }) {
  const gap = between(random, 60, 90);
  const fold = (n, side) => {
    const x = n * 16;
    const reach = 150 - gap / 2 + 14 * Math.sin(n * 2);
    const edge = `M${x} 0C${x + 4} 120 ${at(x * 0.62)} 210 ${at(x * 0.42)} ${reach + 175}`;
    return stroke(edge, n % 2 ? a : b, 17, { transform: side ? "translate(300 0) scale(-1 1)" : null });
  };
  return [
    circle(150, 190, 92, c),
    times(8, (n) => stroke(`M150 190L${polar(150, 190, 300, n / 8 + 0.0625).map(at).join(" ")}`, c, 1.5)),
    times(9, (n) => fold(8 - n, false)),
    times(9, (n) => fold(8 - n, true)),
    times(8, (n) => shape(`M${n * 37.5} 0h37.500v18a18.750 18.750 0 0 1-37.500 0z`, n % 2 ? b : a)),
  ];
}

function tide(random, { a, b, c }) {
  const phase = between(random, 0, 6);
  const sea = (n) => {
    const y = 148 + n * 13;
    const swell = 4 + n * 1.5;
    return stroke(wave(y, swell, 22 + n * 2, phase + n * 0.5), n % 5 === 2 ? a : c, n % 5 === 2 ? 7 : 2.5);
  };
  return [circle(between(random, 90, 210), 108, 74, b), circle(between(random, 120, 180), 108, 38, a), times(11, sea)];
}

function horns(random, { a, b, c }) {
  const drop = (n) => {
    const [x, y, length] = [between(random, -20, 300), between(random, -20, 260), between(random, 14, 40)];
    return stroke(`M${at(x)} ${at(y)}l${at(length * 0.35)} ${at(length)}`, n % 3 ? c : b, 3, { "stroke-linecap": "round" });
  };
  const bell = ([x, y, size, turn]) =>
    s(
      "g",
      { transform: `translate(${x} ${y}) rotate(${turn})` },
      times(5, (n) => shape(`M0 0H${size - n * (size / 5)}A${size - n * (size / 5)} ${size - n * (size / 5)} 0 0 1 0 ${size - n * (size / 5)}z`, [a, c, b][n % 3])),
    );
  const tilt = pick(random, [0, 90]);
  return [times(44, drop), [[0, 300, 190, -90], [300, 300, 130, 180], [tilt ? 300 : 130, 20, 92, tilt]].map(bell)];
}

function planets(random, { a, b, c }) {
  const planet = (x, y, r, tones, ring) => [
    circle(x, y, r, tones[0]),
    shape(`M${x - r} ${y}a${r} ${r} 0 0 0 ${2 * r} 0L${x + r * 0.2} ${y - r * 0.35}z`, tones[1]),
    ring && s("ellipse", { cx: x, cy: y, rx: r * 1.7, ry: r * 0.42, fill: "none", stroke: c, "stroke-width": 5, transform: `rotate(-18 ${x} ${y})` }),
  ];
  const star = () => {
    const [x, y, r] = [between(random, 10, 290), between(random, 10, 280), between(random, 3, 8)];
    return shape(`M${at(x)} ${at(y - r)}l${at(r * 0.3)} ${at(r * 0.7)} ${at(r * 0.7)} ${at(r * 0.3)}-${at(r * 0.7)} ${at(r * 0.3)}-${at(r * 0.3)} ${at(r * 0.7)}-${at(r * 0.3)}-${at(r * 0.7)}-${at(r * 0.7)}-${at(r * 0.3)} ${at(r * 0.7)}-${at(r * 0.3)}z`, c);
  };
  return [
    times(26, star),
    planet(between(random, 95, 125), 175, 72, [a, b], true),
    planet(between(random, 215, 245), 82, 38, [b, c], false),
    planet(between(random, 225, 255), 235, 22, [c, a], false),
  ];
}

function vanishing(random, { a, b, c }) {
  const missing = Math.floor(between(random, 0, 9));
  return times(9, (n) => {
    const [x, y] = [66 + (n % 3) * 84, 62 + Math.floor(n / 3) * 84];
    if (n === missing) return circle(x, y, 32, "none", { stroke: c, "stroke-width": 2.5, "stroke-dasharray": "3 7" });
    const eclipse = ((n * 7) % 9) / 9;
    return [circle(x, y, 34, n % 2 ? a : b), circle(x + 12 * eclipse - 4, y - 6 * eclipse, 34 - 30 * eclipse, c)];
  });
}

function canyon(random, { a, b, c }) {
  const layer = (y, colour, rough) => {
    let x = 0;
    const line = [[0, H], [0, y]];
    while (x < W) {
      const step = between(random, 26, 62);
      const level = y + between(random, -rough, rough);
      line.push([x + 6, level], [Math.min(W, x + step), level]);
      x += step;
    }
    return shape(`${points([...line, [W, H]])}z`, colour);
  };
  return [
    times(7, (n) => rect(0, 20 + n * 22, W, 3, b)),
    circle(between(random, 100, 200), 122, 78, a),
    layer(172, b, 24),
    layer(218, c, 20),
    layer(258, a, 12),
  ];
}

function bigTop(random, { a, b, c }) {
  const x = between(random, 120, 180);
  const panel = (n) => shape(`M${x} 62L${-90 + n * 48} 420h48z`, n % 2 ? a : b);
  const swing = polar(x, 62, 150, between(random, 0.14, 0.36));
  return [
    times(10, panel),
    shape(`M${x} 62V14l34 12-34 12z`, c),
    times(9, (n) => circle(30 + n * 30, 262 + 14 * Math.sin((n / 8) * Math.PI), 5, c)),
    stroke(`M${x} 62L${swing.map(at).join(" ")}`, c, 2.5),
    circle(...swing, 17, c),
    circle(swing[0] + 26, swing[1] + 20, 8, c),
  ];
}

function arches(random, { a, b, c }) {
  const [x, y] = [pick(random, [0, 150, 300]), pick(random, [300, 160])];
  return times(9, (n) => circle(x, y, 216 - n * 24, [a, b, c][n % 3]));
}

const BY_GENRE = {
  "open mic": lamp,
  musical: lighthouse,
  electronic: bloom,
  comedy: grin,
  folk: quilt,
  theatre: curtain,
  classical: tide,
  jazz: horns,
  family: planets,
  magic: vanishing,
  country: canyon,
  circus: bigTop,
};
const OTHERS = [arches, quilt, bloom, tide, bigTop];

export function motifOf(genre, random) {
  return BY_GENRE[genre.trim().toLowerCase()] ?? pick(random, OTHERS);
}
