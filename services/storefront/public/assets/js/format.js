// Money, dates and numbers as people read them. Times of a performance are those of the clock at its venue.

const LOCALE = "en-GB";
const cache = new Map();

/** Formatters are costly to make, and a seat map formats thousands of prices. */
function kept(Kind, options) {
  const key = Kind.name + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new Kind(LOCALE, options));
  return cache.get(key);
}

const formatter = (options) => kept(Intl.DateTimeFormat, options);

function currency(code, whole) {
  const digits = whole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
  return kept(Intl.NumberFormat, { style: "currency", currency: code, ...digits });
}

const units = new Map();

/** How many minor units make one of `code`: 100 for EUR, 1 for JPY. */
export function minorUnits(code) {
  if (!units.has(code)) units.set(code, 10 ** currency(code).resolvedOptions().maximumFractionDigits);
  return units.get(code);
}

/** `{amount: 4250, currency: "EUR"}` → `€42.50`, and `€42` where nothing follows the point. */
export function money({ amount, currency: code }) {
  const unit = minorUnits(code);
  return currency(code, amount % unit === 0).format(amount / unit);
}

export function total(prices) {
  return { amount: prices.reduce((sum, price) => sum + price.amount, 0), currency: prices[0]?.currency ?? "EUR" };
}

/** The lowest of the prices of a performance, and whether there are others. */
export function lowest(prices) {
  const all = Object.values(prices).toSorted((a, b) => a.amount - b.amount);
  return { price: all[0], more: all.length > 1 };
}

/** The parts of a date in `timeZone`: `{weekday: "Fri", day: "4", month: "Dec", year: "2026", time: "19:30"}`. */
export function dateParts(iso, timeZone) {
  const date = new Date(iso);
  const part = (options) => formatter({ timeZone, ...options }).format(date);
  return {
    weekday: part({ weekday: "short" }),
    day: part({ day: "numeric" }),
    month: part({ month: "short" }),
    year: part({ year: "numeric" }),
    time: part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  };
}

/** `Friday 4 December 2026, 19:30`, at the venue. */
export function longDate(iso, timeZone) {
  const day = formatter({ timeZone, weekday: "long", day: "numeric", month: "long", year: "numeric" });
  return `${day.format(new Date(iso)).replace(",", "")}, ${dateParts(iso, timeZone).time}`;
}

/** `Fri 4 Dec` */
export function shortDate(iso, timeZone) {
  const { weekday, day, month } = dateParts(iso, timeZone);
  return `${weekday} ${day} ${month}`;
}

/** A moment by the reader's own clock: `23 Nov 2026, 20:41`. */
export function moment(iso) {
  return formatter({ dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** Seconds as `7:05`. */
export function clock(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString(LOCALE)} ${number === 1 ? one : many}`;
}

/** `A1`, `A1 and A2`, `A1, A2 and A3`. */
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
