// Energy against loss: a point for each plan, its bars, the bound and the frontier.

import { axis, legend, lines, tooltip, written } from "./common.js";

// A disc in a ring.
const kRinged =
  "path://M10 0a10 10 0 1 0 .01 0zM10 1.9a8.1 8.1 0 1 1-.01 0zM10 4.6a5.4 5.4 0 1 0 .01 0z";

// Shape and filling tell the decisions apart, colour only helps: the page may be printed in grey.
function styles(colours) {
  return {
    chosen: { symbol: kRinged, symbolSize: 21, itemStyle: { color: colours.accent } },
    accepted: { symbol: "circle", symbolSize: 11, itemStyle: { color: colours.accent } },
    refused: {
      symbol: "circle",
      symbolSize: 11,
      itemStyle: { color: colours.paper, borderColor: colours.warn, borderWidth: 2 },
    },
    stopped: {
      symbol: "triangle",
      symbolSize: 9,
      itemStyle: { color: colours.paper, borderColor: colours.soft, borderWidth: 1.5 },
    },
    undecided: { symbol: "triangle", symbolSize: 11, itemStyle: { color: colours.soft } },
    baseline: { symbol: "diamond", symbolSize: 16, itemStyle: { color: colours.ink } },
  };
}

function pointsOf(data) {
  const factor = data.energy_scale.factor;
  const times = (end) => (end === null ? null : end * factor);
  return data.plans
    .map((plan, index) => ({ plan, index }))
    .filter(({ plan }) => plan.energy && plan.loss)
    .map(({ plan, index }) => ({
      plan,
      index,
      group: plan.baseline && plan.decision !== "chosen" ? "baseline" : plan.decision,
      x: times(plan.energy.value),
      xLow: times(plan.energy.low),
      xHigh: times(plan.energy.high),
      y: plan.loss.value,
      yLow: plan.loss.low,
      yHigh: plan.loss.high,
    }));
}

// From the lowest to the highest of the values, with air at both ends.
function extent(values) {
  const kAir = 0.07;
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return {};
  const low = Math.min(...known);
  const high = Math.max(...known);
  const air = (high - low || Math.abs(high) || 1) * kAir;
  return { min: low - air, max: high + air };
}

function segment(from, to, style) {
  const shape = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  return { type: "line", shape, style, silent: true };
}

// One bar with its two caps, in the direction (dx, dy) of the caps.
function bar(from, to, cap, style) {
  const [dx, dy] = cap;
  const end = (p) => segment([p[0] - dx, p[1] - dy], [p[0] + dx, p[1] + dy], style);
  return [segment(from, to, style), end(from), end(to)];
}

function errorBars(points, colours) {
  const kCap = 3.5;
  const style = { stroke: colours.soft, lineWidth: 1.2, fill: "none" };
  return {
    id: "bars",
    name: "bars",
    type: "custom",
    z: 2,
    silent: true,
    encode: { x: 0, y: 1 },
    data: points.map((p) => [p.x, p.y, p.xLow, p.xHigh, p.yLow, p.yHigh]),
    renderItem(params, api) {
      const p = points[params.dataIndex];
      const children = [];
      if (p.xLow !== null && p.xHigh !== null) {
        const [from, to] = [api.coord([p.xLow, p.y]), api.coord([p.xHigh, p.y])];
        children.push(...bar(from, to, [0, kCap], style));
      }
      if (p.yLow !== null && p.yHigh !== null) {
        const [from, to] = [api.coord([p.x, p.yLow]), api.coord([p.x, p.yHigh])];
        children.push(...bar(from, to, [kCap, 0], style));
      }
      return { type: "group", children };
    },
  };
}

function frontier(data, colours) {
  const factor = data.energy_scale.factor;
  return {
    id: "frontier",
    name: "frontier",
    type: "line",
    z: 1,
    silent: true,
    symbol: "none",
    lineStyle: { color: colours.accent, width: 1.3, opacity: 0.55 },
    itemStyle: { color: colours.accent },
    data: data.front.map((i) => [
      data.plans[i].energy.value * factor,
      data.plans[i].loss.value,
    ]),
  };
}

function boundLine(data, colours) {
  if (data.bound === null) return undefined;
  return {
    silent: true,
    symbol: "none",
    precision: 20,  // by default the line is drawn at two decimals
    lineStyle: { color: colours.warn, type: [6, 5], width: 1.4 },
    label: {
      position: "insideEndTop",
      formatter: () => `bound ${written(data.bound)}`,
      color: colours.warn,
      fontSize: 12.5,
    },
    data: [{ yAxis: data.bound }],
  };
}

function tip(data, colours) {
  const unit = data.energy_scale.unit;
  return (params) => {
    const { plan, x, xLow, xHigh, y, yHigh } = params.data.point;
    const between = xLow === null || xHigh === null
      ? "interval unknown"
      : `95 % interval ${written(xLow)} to ${written(xHigh)}`;
    const most = yHigh === null ? "bound unknown" : `at most ${written(yHigh, "+")} at 95 %`;
    return lines(plan.label, [
      `${written(x)} ${unit} per ${data.per}, ${between}`,
      `joules: ${plan.quality || "quality not recorded"}`,
      plan.baseline ? "the baseline of the loss" : `${written(y, "+")} ${data.loss.unit}, ${most}`,
      `${plan.decision}: ${plan.reason || "no reason recorded"}`,
    ], colours);
  };
}

// Above the point and away from the nearer edge: beside it the label would lie on the bars.
function labelPlace(point, xs, size) {
  const right = point.x > xs.min + 0.6 * (xs.max - xs.min);
  return right
    ? { position: [-1, -13], align: "right" }
    : { position: [size + 1, -13], align: "left" };
}

function scatter(name, points, style, xs, colours) {
  const chosen = name === "chosen";
  return {
    id: name,
    name,
    type: "scatter",
    z: chosen ? 5 : 4,
    ...style,
    itemStyle: { opacity: 1, ...style.itemStyle },
    emphasis: { scale: 1.25 },
    label: {
      show: true,
      formatter: (params) => params.data.point.plan.label,
      color: chosen ? colours.ink : colours.soft,
      fontWeight: chosen ? 600 : 400,
      fontSize: 12,
      textBorderColor: colours.paper,
      textBorderWidth: 2,
      width: 150,
      overflow: "truncate",
    },
    labelLayout: { hideOverlap: true },
    data: points.map((point) => ({
      value: [point.x, point.y],
      point,
      label: labelPlace(point, xs, style.symbolSize),
    })),
  };
}

// The ends of the axis are no round numbers: they get no labels.
function withOpenEnds(base, range) {
  const axisLabel = { ...base.axisLabel, showMinLabel: false, showMaxLabel: false };
  return { ...base, ...range, axisLabel };
}

export function paretoOption(data, colours, width) {
  const points = pointsOf(data);
  const looks = styles(colours);
  const groups = Object.keys(looks).filter((name) => points.some((p) => p.group === name));
  const xs = extent(points.flatMap((p) => [p.x, p.xLow, p.xHigh]));
  const ys = extent([0, data.bound, ...points.flatMap((p) => [p.y, p.yLow, p.yHigh])]);
  const narrow = width < 520;
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    tooltip: { ...tooltip(colours), formatter: tip(data, colours) },
    legend: legend(colours, [...groups, { name: "frontier", icon: "path://M0 0h16v1.6h-16z" }]),
    grid: {
      left: 34,
      right: narrow ? 16 : 30,
      top: narrow ? 62 : 44,
      bottom: 34,
      containLabel: true,
    },
    xAxis: {
      ...withOpenEnds(axis(`energy, ${data.energy_scale.unit} per ${data.per}`, colours), xs),
      nameGap: 34,
    },
    yAxis: { ...withOpenEnds(axis(`loss of quality: ${data.loss.name}, ${data.loss.unit}`, colours), ys), nameGap: narrow ? 48 : 56 },
    series: [
      { ...frontier(data, colours), markLine: boundLine(data, colours) },
      errorBars(points, colours),
      ...groups.map((name) =>
        scatter(name, points.filter((p) => p.group === name), looks[name], xs, colours)),
    ],
  };
}
