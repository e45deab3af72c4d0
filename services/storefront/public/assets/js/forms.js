// Fields with their labels, hints and errors; forms that say what was wrong where it was wrong.

import { h, put, uid } from "./dom.js";

/** A labelled field: `field("Name", h("input", {name: "name"}), {hint})`. */
export function field(label, control, { hint } = {}) {
  const id = control.id || uid("field");
  control.id = id;
  const described = hint && h("p", { class: "hint", id: `${id}-hint` }, hint);
  const wrong = h("p", { class: "wrong", id: `${id}-wrong`, hidden: true });
  control.setAttribute("aria-describedby", [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(" "));
  return h("div", { class: "field" }, h("label", { for: id }, label), control, described, wrong);
}

export const input = (name, attributes) => h("input", { name, id: uid(name), required: true, ...attributes });

/**
 * A form that sends: `send(values)` is called with what was filled in; a Problem that names members (`errors: [{at}]`)
 * marks those fields, any other is said above the button by `explain(problem)`.
 */
export function form({ fields, action, send, explain = (problem) => problem.message, extra }) {
  const trouble = h("div", { class: "note bad", role: "alert", hidden: true });
  const button = h("button", { class: "button primary wide", type: "submit" }, action);
  const node = h("form", { class: "form", novalidate: true, onsubmit: submitted }, fields, trouble, button, extra);

  async function submitted(event) {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true" || !complete(node)) return;
    button.setAttribute("aria-busy", "true");
    trouble.hidden = true;
    try {
      await send(Object.fromEntries(new FormData(node)));
    } catch (problem) {
      if (problem.name !== "Problem") console.warn(problem);
      if (!markAll(node, problem.body?.errors ?? [])) {
        trouble.hidden = false;
        put(trouble, explain(problem));
      }
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  return node;
}

function complete(node) {
  const controls = [...node.elements].filter((control) => control.willValidate && control.name);
  for (const control of controls) mark(control, control.validity.valid ? "" : control.validationMessage);
  const first = controls.find((control) => !control.validity.valid);
  first?.focus();
  return !first;
}

/** Mark the fields that the server names; whether it named any that is here. */
function markAll(node, errors) {
  const found = errors.map(({ at, message }) => [node.elements.namedItem(at.split(".").at(-1)), message]);
  for (const [control, message] of found) if (control) mark(control, plain(message));
  const first = found.find(([control]) => control)?.[0];
  first?.focus();
  return Boolean(first);
}

function mark(control, message) {
  const wrong = document.getElementById(`${control.id}-wrong`);
  if (message) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  if (!wrong) return;
  wrong.hidden = !message;
  put(wrong, message);
}

const plain = (message) => message.replace(/^Value error, /, "").replace(/^./, (letter) => letter.toUpperCase());

/** Ask before what cannot be undone; resolves to whether it may be done. */
export function confirm({ title, text, action, cancel = "Keep it" }) {
  return new Promise((resolve) => {
    const id = uid("confirm");
    const close = (answer) => {
      resolve(answer);
      node.close();
    };
    const node = h(
      "dialog",
      { "aria-labelledby": id, onclose: () => (resolve(false), node.remove()) },
      h(
        "div",
        { class: "stack" },
        h("h2", { id }, title),
        h("p", null, text),
        h(
          "div",
          { class: "row" },
          h("button", { class: "button primary", type: "button", onclick: () => close(true) }, action),
          h("button", { class: "button", type: "button", onclick: () => close(false) }, cancel),
        ),
      ),
    );
    document.body.append(node);
    node.showModal();
  });
}
