// Elements without markup in strings: what comes from data can only ever become text.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "indeterminate"]);

/** An HTML element: `h("a", {class: "button", href, onclick}, "Buy ", h("b", null, price))`. */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element, made the same way. */
export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** Put `children` in the place of what `node` holds. */
export function put(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) set(node, name, value);
  node.append(...nodes(children));
  return node;
}

function set(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "style") for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
  else if (PROPERTIES.has(name) && node.namespaceURI !== SVG) node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
}

let ids = 0;

/** An id that no other element of the page has. */
export function uid(prefix = "id") {
  ids += 1;
  return `${prefix}-${ids}`;
}

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** `act` on each of the `items` and let the browser breathe between them: what is tapped meanwhile is answered. */
export async function oneByOne(items, act) {
  for (const item of items) {
    act(item);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
