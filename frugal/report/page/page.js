// Draws the charts of the page from the JSON that stands in it.  Every number that is drawn
// also stands in a table, so nothing is lost where this script does not run.

import * as echarts from "echarts/core";
import { BarChart, CustomChart, LineChart, SankeyChart, ScatterChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { flowOption, layersOption, powerOption } from "./flow.js";
import { paretoOption } from "./pareto.js";
import { phasesOption } from "./phases.js";

echarts.use([
  BarChart,
  CustomChart,
  LineChart,
  SankeyChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  LabelLayout,
  SVGRenderer,
]);

const kPrintWidth = 680;  // px: what fits between the margins of a sheet of A4

// The style sheet owns the colours; the charts ask it, so that dark mode and print follow.
function theme() {
  const style = getComputedStyle(document.documentElement);
  const names = [
    "paper", "card", "ink", "soft", "line", "faint", "accent", "warn",
    "prefill", "decode", "retrieval", "tool", "idle",
  ];
  const colours = Object.fromEntries(
    names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  );
  return { ...colours, font: getComputedStyle(document.body).fontFamily };
}

function start() {
  const source = document.getElementById("data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const charts = [];
  const add = (name, id, option, height) => {
    const element = document.getElementById(id);
    if (!element) return;
    if (height) element.style.height = `${height}px`;
    const chart = echarts.init(element, null, { renderer: "svg" });
    charts.push({ chart, option });
    window.frugalCharts[name] = chart;
  };
  window.frugalCharts = {};
  if (data.plans) add("pareto", "chart-pareto", paretoOption);
  if (data.plans) add("phases", "chart-phases", phasesOption, 110 + 34 * data.plans.length);
  if (data.flow) {
    add("flow", "chart-flow", flowOption, 300);
    add("layers", "chart-layers", layersOption, 260);
    add("power", "chart-power", powerOption, 280);
  }

  const draw = (size) => {
    const colours = theme();
    for (const { chart, option } of charts) {
      chart.resize(size ?? { width: "auto" });
      chart.setOption(option(data, colours, chart.getWidth()), { notMerge: true });
    }
  };
  draw();
  addEventListener("resize", () => draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  addEventListener("beforeprint", () => draw({ width: kPrintWidth }));
  addEventListener("afterprint", () => draw());
}

start();
