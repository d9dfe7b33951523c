// node report_page.mjs REPORT.html EXPECTED.json [SCREENSHOT_FOLDER]
//
// Opens a report in a real browser and looks at it as a reader does: does it draw every plan, do
// the tables hold the ledger's numbers, can it be read in light, in dark, on a phone and on paper,
// and does it leave the network alone?  Exits 0 when all of it holds, 1 with what does not, and 77
// when there is no browser (FRUGAL_CHROMIUM names one; /usr/bin/chromium by default).
//
// EXPECTED.json: {"verdict": text or absent, "bound": nats per token or absent, "charts": whether
// the build has the chart library, "plans": [{"label", "baseline", "decision", "reason",
// "joules_per_token", "joules_low", "joules_high", "nll_increase", "nll_high"}]}, numbers in SI,
// absent where unknown.  Without "plans" the page is one of single runs, with "runs" rows.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const kSkip = 77;
const kPhone = { width: 390, height: 844 };
const kDesktop = { width: 1280, height: 900 };
const kPatience = 120_000;  // ms: a loaded machine may be slow, and this test asks not how fast
const kContrast = 4.5;  // WCAG 2.2, success criterion 1.4.3, for text of normal size
const kFlags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const [reportPath, expectedPath, shotFolder] = process.argv.slice(2);
if (!reportPath || !expectedPath) {
  console.error("usage: node report_page.mjs REPORT.html EXPECTED.json [SCREENSHOT_FOLDER]");
  process.exit(2);
}
const expected = JSON.parse(readFileSync(expectedPath, "utf8"));
const plans = expected.plans ?? [];
const drawn = plans.filter(
  (plan) =>
    plan.joules_per_token !== undefined && (plan.baseline || plan.nll_increase !== undefined),
);
const chromiumPath = process.env.FRUGAL_CHROMIUM ?? "/usr/bin/chromium";

async function loadPlaywright() {
  try {
    return (await import("playwright-core")).chromium;
  } catch {
    console.log("skipped: playwright-core is not installed (run `npm ci`)");
    process.exit(kSkip);
  }
}

// What the page did that it should not have.
function watch(page) {
  const seen = { console: [], errors: [], requests: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.console.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("dialog", (dialog) => {
    seen.errors.push(`a dialog opened: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (url !== pageUrl && !url.startsWith("data:")) seen.requests.push(url);
  });
  return seen;
}

const pageUrl = pathToFileURL(resolve(reportPath)).href;

// The number that a cell shows, without its interval and small print.
function shownNumber(text) {
  const match = /[+\u2212]?\d[\d\u202f]*(?:\.\d+)?(?:e[+-]?\d+)?/.exec(text);
  return match ? Number(match[0].replaceAll("\u202f", "").replace("\u2212", "-")) : Number.NaN;
}

// Half a unit of the last digit that a text shows: a rounded figure is no further from the exact one.
function halfLastDigit(text) {
  const digits = /\.(\d+)/.exec(text.slice(0, text.search(/[^\d.\u202f+\u2212]|$/)));
  return 0.5 * 10 ** -(digits ? digits[1].length : 0);
}

function close(actual, wanted, relative, what) {
  const allowed = relative * Math.abs(wanted) + 1e-12;
  assert.ok(Math.abs(actual - wanted) <= allowed, `${what}: ${actual} is not ${wanted}`);
}

async function checkCharts(page) {
  const seen = await page.evaluate(() => {
    const { pareto, phases } = window.frugalCharts;
    const series = (chart) => chart.getOption().series;
    return {
      points: series(pareto).filter((s) => s.type === "scatter")
        .flatMap((s) => s.data.map((d) => ({
          label: d.point.plan.label, group: s.name, x: d.value[0], y: d.value[1],
        }))),
      bars: series(pareto).filter((s) => s.id === "bars").flatMap((s) => s.data),
      bound: series(pareto).flatMap((s) => s.markLine?.data ?? []).map((line) => ({
        value: line.yAxis,
        wanted: pareto.convertToPixel({ yAxisIndex: 0 }, line.yAxis),
        dashed: [...document.querySelectorAll("#chart-pareto svg path[stroke-dasharray]")].map(
          (path) => Number(/^M\S+ (\S+?)L/.exec(path.getAttribute("d"))?.[1]),
        ),
      })),
      front: series(pareto).filter((s) => s.id === "frontier").flatMap((s) => s.data),
      stacks: series(phases).map((s) => s.data),
      factor: JSON.parse(document.getElementById("data").textContent).energy_scale.factor,
      strokes: document.querySelectorAll("#chart-pareto svg path").length,
      texts: [...document.querySelectorAll("svg text")].map((node) => node.textContent),
    };
  });
  assert.equal(seen.points.length, drawn.length, "one point for each plan with both figures");
  assert.equal(seen.bars.length, drawn.length, "error bars for each point");
  for (const plan of drawn) {
    const point = seen.points.find((p) => p.label === plan.label);
    assert.ok(point, `a point for ${plan.label}`);
    close(point.x, plan.joules_per_token * seen.factor, 1e-9, `${plan.label}: place across`);
    close(point.y, plan.nll_increase ?? 0, 1e-9, `${plan.label}: place up`);
    const group = plan.baseline && plan.decision !== "chosen" ? "baseline" : plan.decision;
    assert.equal(point.group, group, `${plan.label}: the group it is drawn in`);
    const bar = seen.bars.find((b) => b[0] === point.x && b[1] === point.y);
    if (plan.joules_high === undefined) continue;
    close(bar[2], plan.joules_low * seen.factor, 1e-9, `${plan.label}: left end of its bar`);
    close(bar[3], plan.joules_high * seen.factor, 1e-9, `${plan.label}: right end of its bar`);
    if (plan.nll_high !== undefined) close(bar[5], plan.nll_high, 1e-9, `${plan.label}: upper end`);
  }
  // Three strokes for each bar, besides points, axes and lines.
  assert.ok(seen.strokes >= 4 * drawn.length, `${seen.strokes} strokes are too few for the bars`);
  checkBound(seen.bound);
  if (drawn.length > 0) assert.ok(seen.front.length > 0, "the frontier has a point");
  assert.ok(seen.stacks.every((s) => s.length === plans.length), "a stack for each plan");
}

function checkBound(bounds) {
  const wanted = expected.bound === undefined ? [] : [expected.bound];
  assert.deepEqual(bounds.map((bound) => bound.value), wanted, "the bound");
  for (const { wanted: y, dashed } of bounds) {
    const there = dashed.some((at) => Math.abs(at - y) <= 1);
    assert.ok(there, `a dashed line at ${y} px, not ${dashed}`);
  }
}

async function checkStudyText(page) {
  if (expected.verdict) assert.equal((await page.textContent("h1")).trim(), expected.verdict);
  const rows = await page.$$eval("#plans tbody tr", (all) => all.map((row) => ({
    label: row.querySelector(".name").textContent,
    pills: [...row.querySelectorAll(".pill")].map((pill) => pill.textContent),
    reason: row.querySelector(".reason").textContent,
    cells: [...row.querySelectorAll("td")].map((cell) => ({
      text: cell.textContent,
      exact: cell.dataset.value === undefined ? undefined : Number(cell.dataset.value),
    })),
  })));
  const unit = await page.textContent("#plans thead th:nth-child(2) small");
  const prefix = { p: 1e12, n: 1e9, "µ": 1e6, m: 1e3, J: 1, k: 1e-3, M: 1e-6, G: 1e-9 }[unit[0]];
  assert.deepEqual(rows.map((row) => row.label), plans.map((plan) => plan.label));
  for (const [i, plan] of plans.entries()) {
    const { cells, pills, reason } = rows[i];
    assert.ok(pills.includes(plan.decision), `${plan.label}: its decision is shown`);
    if (plan.reason) assert.equal(reason, plan.reason, `${plan.label}: its reason`);
    checkCell(cells[0], plan.joules_per_token, prefix, `${plan.label}: joules`);
    checkCell(cells[1], plan.nll_increase, 1, `${plan.label}: loss`);
    if (plan.joules_per_token !== undefined) assert.match(cells[0].text, /±|\+/);
  }
}

function checkCell(cell, wanted, factor, what) {
  if (wanted === undefined) {
    assert.match(cell.text, /^–\S/u, `${what}: unknown is – with a reason, not “${cell.text}”`);
    return;
  }
  close(cell.exact, wanted, 1e-12, `${what}: exact`);
  const away = Math.abs(shownNumber(cell.text) - wanted * factor);
  const allowed = 1.001 * halfLastDigit(cell.text.trim());
  assert.ok(away <= allowed, `${what}: shown: “${cell.text}” is not ${wanted * factor}`);
}

async function checkRunsText(page) {
  const rows = await page.$$eval("#runs tbody tr", (all) => all.length);
  assert.equal(rows, expected.runs, "a row for each run");
}

// The texts whose colour is too near to what lies behind them.
async function faintTexts(page) {
  return page.evaluate((least) => {
    const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([r, g, b]) => {
      const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      const part = (c) => linear(c / 255);
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const rgba = channels(getComputedStyle(at).backgroundColor);
        if (rgba.length === 3 || rgba[3] === 1) return rgba;
      }
      return [255, 255, 255];
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const node = text.parentElement;
      if (!text.data.trim() || ["SCRIPT", "STYLE"].includes(node.tagName)) continue;
      const svg = node.closest("svg") !== null;
      const style = getComputedStyle(node);
      const fill = svg ? style.fill : style.color;
      const [a, b] = [luminance(channels(fill)), luminance(behind(node))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < least) {
        faint.push(`${contrast.toFixed(2)}: “${text.data.trim().slice(0, 40)}”`);
      }
    }
    return [...new Set(faint)];
  }, kContrast);
}

// A change of colours is drawn when the browser finds the time: what counts is what remains.
async function faintTextsAtRest(page) {
  let faint = await faintTexts(page);
  for (let tries = 0; faint.length > 0 && tries < 50; ++tries) {
    await page.waitForTimeout(100);
    faint = await faintTexts(page);
  }
  return faint;
}

async function shoot(page, name) {
  if (!shotFolder) return;
  mkdirSync(shotFolder, { recursive: true });
  await page.screenshot({ path: join(shotFolder, `${name}.png`), fullPage: true });
}

async function checkLook(page, name, colorScheme, viewport) {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(viewport);
  assert.deepEqual(await faintTextsAtRest(page), [], `${name}: texts with too little contrast`);
  const { wide, room } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= room, `${name}: the page is ${wide} px wide in ${room} px`);
  await shoot(page, name);
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

async function checkPaper(page) {
  await page.emulateMedia({ colorScheme: "dark" });
  const pdf = await page.pdf({
    format: "A4", printBackground: true,
    path: shotFolder ? join(shotFolder, "paper.pdf") : undefined,
  });
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-", "a PDF comes out");
  assert.ok(pdf.length > 10_000, `a PDF of ${pdf.length} bytes is empty`);
  await page.emulateMedia({ media: "print" });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(paper, "rgb(255, 255, 255)", "paper is white, in dark mode too");
  await page.emulateMedia({ media: null });
}

async function checkWithoutScript(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  context.setDefaultTimeout(kPatience);
  const page = await context.newPage();
  await page.goto(pageUrl);
  const rows = await page.locator(expected.plans ? "#plans tbody tr" : "#runs tbody tr").count();
  assert.equal(rows, expected.plans ? plans.length : expected.runs, "tables need no script");
  await context.close();
}

async function main() {
  const chromium = await loadPlaywright();
  if (!existsSync(chromiumPath)) {
    console.log(`skipped: there is no browser at ${chromiumPath} (set FRUGAL_CHROMIUM)`);
    process.exit(kSkip);
  }
  const browser = await chromium.launch({
    executablePath: chromiumPath, args: kFlags, timeout: kPatience,
  });
  try {
    const page = await (await browser.newContext({ colorScheme: "light" })).newPage();
    page.setDefaultTimeout(kPatience);
    const seen = watch(page);
    await page.setViewportSize(kDesktop);
    await page.goto(pageUrl);
    if (expected.plans) await checkStudyText(page);
    else await checkRunsText(page);
    if (expected.charts) await checkCharts(page);
    const light = await checkLook(page, "light", "light", kDesktop);
    const dark = await checkLook(page, "dark", "dark", kDesktop);
    assert.notEqual(light, dark, "dark mode has its own paper");
    await checkLook(page, "phone", "light", kPhone);
    await checkLook(page, "phone-dark", "dark", kPhone);
    await page.setViewportSize(kDesktop);
    await checkPaper(page);
    await checkWithoutScript(browser);
    assert.deepEqual(seen, { console: [], errors: [], requests: [] }, "what the page did");
  } finally {
    await browser.close();
  }
  console.log(`report_page: ${reportPath}: all checks hold`);
}

main().catch((error) => {
  console.error(`report_page: ${reportPath}: ${error.message}`);
  process.exit(1);
});
