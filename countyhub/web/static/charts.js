// Draws the table that stands beneath each chart: one set of figures, read here from the page itself.
// Without this file the tables are all there is, and they are enough.
"use strict";

const HEIGHT_PX = 240;
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 4]]; // lines differ by their dashes, then by their colours

const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

// A light has a pattern beside its colour, as on the map.
function pattern(name, tone) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = pen.strokeStyle = colour(tone);
  if (name === "hatch") {
    pen.lineWidth = 3;
    pen.beginPath();
    for (const x of [-4, 4, 12]) { pen.moveTo(x - 6, 14); pen.lineTo(x + 10, -2); }
    pen.stroke();
  } else if (name === "dots") pen.fillRect(1, 1, 4, 4);
  else pen.fillRect(0, 0, 8, 8);
  return pen.createPattern(tile, "repeat");
}

const LIGHTS = [["solid", "--critical"], ["hatch", "--yellow"], ["dots", "--muted"], ["solid", "--ok"], ["dots", "--line"]];
const LINES = ["--ink", "--critical", "--notice", "--warning", "--ok", "--muted"];

function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const column = (index) => rows.map((row) => (row.cells[index].dataset.at === undefined ? null : Number(row.cells[index].dataset.at)));
  const drawn = heads.map((head, index) => ({ index, label: head.textContent, kind: head.dataset.drawn })).filter((one) => one.kind);
  return { name: heads[0].textContent, at: column(0), drawn: drawn.map((one) => ({ ...one, values: column(one.index) })) };
}

const shown = (kind, value) => (value === null || value === undefined ? "–" : kind === "share" ? `${Math.floor(value * 1000 + 1e-6) / 10} %` : String(value));

function axes(kinds) {
  const look = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const of = { share: (values) => values.map((value) => `${Math.round(value * 100)} %`), number: (values) => values.map((value) => (Number.isInteger(value) ? String(value) : "")) };
  const day = { format: (at) => local({ dateStyle: "short" }).format(at).slice(5) }; // month and day
  return [{ ...look, size: 30, space: 60, incrs: [86400, 2 * 86400, 7 * 86400], values: (_, ticks) => ticks.map((tick) => day.format(tick * 1000)) },
    ...kinds.map((kind, index) => ({ ...look, scale: kind, size: 52, values: (_, ticks) => of[kind](ticks), side: index ? 1 : 3, grid: index ? { show: false } : look.grid }))];
}

const scales = { share: { range: (_, low) => [Math.max(0, Math.min(Math.floor(low * 20) / 20, 0.9)), 1] }, number: { range: (_, low, high) => [0, Math.max(high, 1) * 1.05] } };
const local = (style) => new Intl.DateTimeFormat("sv-SE", { timeZone: document.body.dataset.timezone, ...style });
const tzDate = (at) => uPlot.tzDate(new Date(at * 1000), document.body.dataset.timezone);
const when = (label, hasHours) => ({ label, value: (_, at) => (at === null ? "–" : local({ dateStyle: "short", timeStyle: hasHours ? "short" : undefined }).format(at * 1000)) });

// Lights stand on each other: each series is drawn up to its sum with those below it, the highest first.
function columns(found) {
  const lights = found.drawn.slice(0, -1).filter((one) => one.values.some((value) => value));
  const closed = found.drawn[found.drawn.length - 1];
  const sums = [];
  lights.reduce((sum, one) => { const next = sum.map((value, i) => value + (one.values[i] ?? 0)); sums.push(next.map((value, i) => (one.values[i] ? value : null))); return next; }, found.at.map(() => 0));
  const bars = uPlot.paths.bars({ size: [0.7, 40], align: 0 });
  const stacked = lights.map((one, i) => {
    const [name, tone] = LIGHTS[found.drawn.indexOf(one)];
    return { patch: PATCHES[name](colour(tone)), label: one.label, scale: "number", paths: bars, fill: () => pattern(name, tone), stroke: colour(tone), width: 1, points: { show: false }, value: (_u, _v, _s, at) => shown("number", at === null ? null : one.values[at]), sums: sums[i] };
  }).reverse();
  const line = { label: closed.label, scale: "number", stroke: colour("--ink"), width: 2, points: { size: 5 }, value: (_, value) => shown("number", value) };
  return { data: [found.at, ...stacked.map((one) => one.sums), closed.values], series: [when(found.name), ...stacked.map(({ sums: _, patch: __, ...one }) => one), line], marks: [null, ...stacked], axes: axes(["number"]), margin_s: (found.at[1] - found.at[0]) / 2 };
}

function lines(found) {
  const kinds = [...new Set(found.drawn.map((one) => one.kind))];
  const series = found.drawn.map((one, i) => ({
    label: one.label, scale: one.kind, stroke: colour(LINES[i % LINES.length]), width: i ? 1.5 : 2.5, dash: DASHES[i % DASHES.length], spanGaps: false,
    points: { show: found.at.length < 40, size: 4 }, value: (_, value) => shown(one.kind, value),
  }));
  return { data: [found.at, ...found.drawn.map((one) => one.values)], series: [when(found.name, found.at[1] - found.at[0] < 86400), ...series], marks: [null, ...series.map((one) => ({ dash: edge(one.dash) }))], axes: axes(kinds) };
}

// The legend has the patterns and dashes too, and the newest figures until somebody points at others.
const PATCHES = { hatch: (tone) => `repeating-linear-gradient(135deg, ${tone} 0 3px, transparent 3px 6px)`, dots: (tone) => `radial-gradient(${tone} 35%, transparent 40%) 0 0 / 5px 5px`, solid: (tone) => tone };
const legend = (marks) => ({ live: true, markers: { width: 2, dash: (_, i) => marks[i]?.dash ?? "solid", fill: (_, i) => marks[i]?.patch ?? "transparent" } });
const edge = (dash) => (dash.length === 0 ? "solid" : dash[0] > 2 ? "dashed" : "dotted");

const KINDS = { columns, lines, hours: lines };
const plots = new Map();

function draw(figure) {
  const holder = figure.querySelector(".plot");
  const found = read(figure.querySelector("table.figures"));
  if (!found.drawn.some((one) => one.values.some((value) => value !== null))) return;
  holder.hidden = false;
  plots.get(figure)?.destroy();
  const { data, margin_s, marks, ...made } = KINDS[figure.dataset.kind](found);
  const known = new Set(["x", ...made.series.map((one) => one.scale).filter(Boolean)]);
  const newest = (plot) => plot.cursor.idx === null && plot.setLegend({ idx: data[0].length - 1 });
  plots.set(figure, new uPlot({
    ...made, tzDate, width: holder.clientWidth, height: HEIGHT_PX, scales: { ...Object.fromEntries(Object.entries(scales).filter(([name]) => known.has(name))), x: { time: true, range: (_, low, high) => [low - (margin_s ?? 0), high + (margin_s ?? 0)] } },
    cursor: { drag: { x: false, y: false } }, legend: legend(marks), hooks: { ready: [newest], setCursor: [newest] },
  }, data, holder));
}

function drawAll() {
  for (const figure of document.querySelectorAll("figure.chart")) draw(figure);
}

drawAll();
let resizing = 0;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(drawAll, 150); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
