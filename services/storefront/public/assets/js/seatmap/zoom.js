// Zooming and panning an SVG by its viewBox: wheel, pinch, drag, double tap, buttons and keys.

const MOST = 9;
const DRAG_PX = 5;

/**
 * `box` is what is seen at first. `onChange(view)` tells `{scale, unit}`: how far in, and CSS pixels per map unit.
 * A click after a drag is none: ask `dragged()`.
 */
export function zoomable(svg, box, onChange = () => {}) {
  let view = { ...box };
  let frame = 0;
  let moved = false;
  const fingers = new Map();

  const scale = () => box.width / view.width;
  const unit = () => {
    const { width, height } = svg.getBoundingClientRect();
    return Math.min(width / view.width, height / view.height);
  };

  function apply() {
    frame = 0;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    svg.classList.toggle("zoomed", scale() > 1.02);
    onChange({ scale: scale(), unit: unit() });
  }

  function set(next) {
    const width = Math.min(box.width, Math.max(box.width / MOST, next.width));
    const height = (width / box.width) * box.height;
    view = {
      x: clamp(next.x, box.x, box.x + box.width - width),
      y: clamp(next.y, box.y, box.y + box.height - height),
      width,
      height,
    };
    frame ||= requestAnimationFrame(apply);
  }

  /** Zoom by `factor` so that the point of the map under `(px, py)` stays where it is. */
  function by(factor, px, py) {
    const point = px === undefined ? { x: view.x + view.width / 2, y: view.y + view.height / 2 } : at(px, py);
    const kept = Math.min(MOST, Math.max(1, scale() * factor)) / scale();
    set({ x: point.x - (point.x - view.x) / kept, y: point.y - (point.y - view.y) / kept, width: view.width / kept });
  }

  /** The point of the map at a place of the window. */
  function at(px, py) {
    const { left, top, width, height } = svg.getBoundingClientRect();
    const ratio = unit();
    return {
      x: view.x + view.width / 2 + (px - left - width / 2) / ratio,
      y: view.y + view.height / 2 + (py - top - height / 2) / ratio,
    };
  }

  /** Show the point, moving no more than needed; zooms in to at least `least`. */
  function reveal({ x, y }, least = 1) {
    if (scale() < least) {
      const width = box.width / least;
      set({ x: x - width / 2, y: y - ((width / box.width) * box.height) / 2, width });
      return;
    }
    const [mx, my] = [view.width * 0.12, view.height * 0.12];
    set({
      ...view,
      x: clamp(view.x, x + mx - view.width, x - mx),
      y: clamp(view.y, y + my - view.height, y - my),
    });
  }

  svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && scale() <= 1 && event.deltaY > 0) return; // nothing left to zoom out: the page scrolls
      event.preventDefault();
      by(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0018)), event.clientX, event.clientY);
    },
    { passive: false },
  );

  svg.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (!fingers.size) moved = false;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY });
  });

  svg.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const before = [...fingers.values()].map(({ x, y }) => ({ x, y }));
    Object.assign(finger, { x: event.clientX, y: event.clientY });
    if (!moved && Math.hypot(finger.x - finger.startX, finger.y - finger.startY) < DRAG_PX) return;
    if (!moved) svg.setPointerCapture?.(event.pointerId);
    moved = true;
    if (fingers.size === 1) pan(before[0], finger);
    else pinch(before, [...fingers.values()]);
  });

  const lift = (event) => fingers.delete(event.pointerId);
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) svg.addEventListener(name, lift);

  function pan(from, to) {
    if (scale() <= 1.02) return;
    const ratio = unit();
    set({ ...view, x: view.x - (to.x - from.x) / ratio, y: view.y - (to.y - from.y) / ratio });
  }

  function pinch([a, b], [c, d]) {
    const apart = Math.hypot(a.x - b.x, a.y - b.y);
    if (apart) by(Math.hypot(c.x - d.x, c.y - d.y) / apart, (c.x + d.x) / 2, (c.y + d.y) / 2);
  }

  apply();
  new ResizeObserver(() => (frame ||= requestAnimationFrame(apply))).observe(svg);
  return { by, at, reveal, reset: () => set(box), scale, unit, dragged: () => moved };
}

const clamp = (value, low, high) => Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
