// Lighthouse's scores of pages: `CHROME_PATH=… node score.js mobile|desktop URL…` prints one line of JSON for each.

import { launch } from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const VISITS = 3;
const [look, ...urls] = process.argv.slice(2);
const config = look === "desktop" ? desktopConfig : undefined;
const chrome = await launch({
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--ignore-certificate-errors"],
});

try {
  for (const url of urls) {
    const lhr = await visit(url);
    console.log(JSON.stringify({ url, scores: scores(lhr), metrics: metrics(lhr), short: shortcomings(lhr) }));
  }
} finally {
  chrome.kill();
}

/** Lighthouse itself fails at times where Chromium tells it too little; what it says of the page is then worth nothing. */
async function visit(url) {
  for (let left = VISITS; ; left -= 1) {
    const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories: ["performance", "accessibility", "best-practices"] }, config);
    if (!lhr.runtimeError || left === 1) return lhr;
    console.error(`${url}: ${lhr.runtimeError.code} ${lhr.runtimeError.message}`);
  }
}

function scores({ categories }) {
  return Object.fromEntries(Object.values(categories).map(({ id, score }) => [id, Math.round((score ?? 0) * 100)]));
}

function metrics({ audits }) {
  const told = { fcp: "first-contentful-paint", lcp: "largest-contentful-paint", tbt: "total-blocking-time", cls: "cumulative-layout-shift", speed: "speed-index" };
  return Object.fromEntries(Object.entries(told).map(([name, id]) => [name, audits[id].displayValue]));
}

/** The audits that cost points, as `id: title`. */
function shortcomings({ audits, categories }) {
  const weighed = Object.values(categories).flatMap(({ auditRefs }) => auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => id));
  return [...new Set(weighed)].map((id) => audits[id]).filter(({ score }) => score !== null && score < 0.9).map(({ id, title }) => `${id}: ${title}`);
}
