// Choosing seats for one performance.

import { get } from "../api.js";
import { h, put } from "../dom.js";
import { count, listed, longDate, money, total } from "../format.js";
import * as hold from "../hold.js";
import { follow } from "../live.js";
import { go, setTitle } from "../router.js";
import { best } from "../seatmap/best.js";
import { seatmap } from "../seatmap/seatmap.js";
import { legend } from "../seatmap/legend.js";
import { ensure } from "../session.js";
import { say } from "../shell.js";
import { block, lines, resource, state } from "../states.js";

const MOST_SEATS = 8;

export default function performance({ params, signal }) {
  const path = `/api/performances/${params.id}`;
  const node = resource({
    signal,
    load: () => Promise.all([get(path, { signal }), get(`${path}/seats`, { signal })]),
    skeleton: h("div", { class: "chooser" }, h("span", { class: "skeleton mapghost" }), h("div", { class: "stack" }, block("70%", "2.2rem"), lines(5))),
    render: ([performance, { seats }]) => (performance.cancelled ? cancelled(performance) : chooser(performance, seats, signal)),
  });
  return { title: "Choose seats", node: h("div", { class: "page seatpage" }, node) };
}

function cancelled({ show, show_id }) {
  const other = h("a", { class: "button", href: `/shows/${show_id}` }, "Other dates");
  return state({ level: "h1", title: `${show} was cancelled`, text: "This performance will not take place. Who had tickets gets the money back.", actions: [other] });
}

function chooser(performance, seats, signal) {
  setTitle(`Seats for ${performance.show}`);
  let chosen = [];
  let busy = false;
  const map = seatmap(seats, { onToggle: toggle, onRefuse: (seat) => say(`Seat ${seat.label} is not free.`) });
  const basket = h("div", { class: "stack" });
  const line = h("span", null, "Connecting");
  const dot = h("span", { class: "dot", "aria-hidden": "true" });

  follow(`/api/performances/${performance.id}/seats/stream`, {
    signal,
    onState: (state) => {
      dot.classList.toggle("on", state === "live");
      put(line, state === "live" ? "Live" : "Connection lost, trying again");
    },
    events: {
      snapshot: (states) => {
        map.snapshot(states);
        lost(chosen.filter(({ label }) => states[label]));
      },
      seat: ({ label, state }) => {
        map.update(label, state);
        if (state !== "available") lost(chosen.filter((seat) => seat.label === label));
      },
    },
  });

  function select(seats) {
    chosen = seats;
    map.choose(chosen.map(({ label }) => label));
    draw();
  }

  function toggle(seat) {
    if (busy) return;
    if (chosen.includes(seat)) select(chosen.filter((other) => other !== seat));
    else if (chosen.length < MOST_SEATS) select([...chosen, seat]);
    else say(`One order can have ${MOST_SEATS} seats.`);
  }

  /** Somebody else was faster. While our own hold is under way its seats show as held: that is us. */
  function lost(seats, perhapsUs = false) {
    if (busy || !seats.length) return;
    select(chosen.filter((seat) => !seats.includes(seat)));
    const labels = listed(seats.map(({ label }) => label));
    say(perhapsUs ? `${labels} may be held for you, but the answer was lost. Free again in a few minutes.` : `Just gone: ${labels}. Somebody else was faster.`);
  }

  async function take() {
    if (busy || !chosen.length) return;
    if (!(await ensure("Your seats are held in your name, so we need to know it."))) return;
    busy = true;
    draw();
    try {
      await hold.take(performance, chosen.map(({ label }) => label));
      if (!signal.aborted) await go("/checkout");
    } catch (problem) {
      busy = false;
      refused(problem);
    } finally {
      busy = false;
      if (!signal.aborted) draw();
    }
  }

  function refused(problem) {
    if (problem.slug === "seats-taken") {
      for (const label of problem.body.seats ?? []) map.update(label, "held");
      lost(chosen.filter(({ label }) => problem.body.seats?.includes(label)), problem.afterDoubt);
    } else if (problem.name === "Problem") say(problem.message);
    else throw problem;
  }

  function pick(number, zone) {
    const found = best(map.plan.rows, number, zone);
    if (!found) return say(`There are no ${number} free seats${zone ? ` in ${zone}` : ""} any more.`);
    select(found);
    map.reveal(found);
    return found;
  }

  function draw() {
    put(basket, chosen.length ? chosenSeats({ chosen, busy, remove: toggle, take }) : nothingChosen());
  }

  draw();
  return h(
    "div",
    { class: "chooser" },
    h(
      "header",
      { class: "stack what" },
      h("h1", { class: "smaller", tabindex: "-1" }, h("a", { href: `/shows/${performance.show_id}` }, performance.show)),
      h("p", { class: "soft figures" }, `${longDate(performance.starts_at, performance.timezone)}. ${performance.venue}, ${performance.city}`),
    ),
    h("div", { class: "mapside" }, map.node, h("div", { class: "underbar" }, legend(map.plan.zones), h("p", { class: "livedot small", role: "status" }, dot, line))),
    h("section", { class: "side stack", "aria-label": "Your seats" }, bestAvailable(map.plan.zones, pick), h("div", { class: "basket", "aria-live": "polite" }, basket)),
  );
}

function bestAvailable(zones, pick) {
  const number = h("select", { id: "how-many", name: "number" }, Array.from({ length: MOST_SEATS }, (_, at) => h("option", { value: at + 1, selected: at === 1 }, at + 1)));
  const zone = h(
    "select",
    { id: "which-zone", name: "zone" },
    h("option", { value: "" }, "Anywhere"),
    zones.map(({ name, price }) => h("option", { value: name }, `${name}, ${money(price)}`)),
  );
  return h(
    "form",
    { class: "best", onsubmit: (event) => (event.preventDefault(), pick(Number(number.value), zone.value)) },
    h("div", { class: "field" }, h("label", { for: "how-many" }, "Seats"), number),
    h("div", { class: "field" }, h("label", { for: "which-zone" }, "Where"), zone),
    h("button", { class: "button", type: "submit" }, "Pick the best"),
  );
}

const nothingChosen = () => h("p", { class: "soft" }, "Choose up to eight seats on the map, or let us pick the best ones that are free.");

function chosenSeats({ chosen, busy, remove, take }) {
  const sum = total(chosen.map(({ price }) => price));
  return [
    h(
      "ul",
      { class: "chosen" },
      chosen.map((seat) =>
        h(
          "li",
          null,
          h("span", { class: "mono seatname" }, seat.label),
          h("span", { class: "soft" }, seat.zone.name),
          h("span", { class: "figures" }, money(seat.price)),
          h("button", { class: "remove", type: "button", "aria-label": `Remove seat ${seat.label}`, onclick: () => remove(seat) }, "×"),
        ),
      ),
    ),
    h(
      "div",
      { class: "takebar" },
      h("p", { class: "spread sum" }, h("span", null, count(chosen.length, "seat")), h("strong", { class: "figures" }, money(sum))),
      h("button", { class: "button primary wide", type: "button", "aria-busy": String(busy), onclick: take }, "Hold these seats"),
    ),
    h("p", { class: "small soft" }, "They stay yours for eight minutes while you pay."),
  ];
}
