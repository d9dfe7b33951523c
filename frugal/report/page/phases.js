// Joules by phase: one stacked bar for each plan.

import { axis, legend, lines, tooltip, written } from "./common.js";

export function phasesOption(data, colours, width) {
  const { factor, unit } = data.run_scale;
  const narrow = width < 520;
  const plans = data.plans;
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    tooltip: {
      ...tooltip(colours),
      formatter: (params) => lines(plans[params.dataIndex].label, [
        `${params.seriesName}: ${written(params.value)} ${unit}`,
        `joules: ${plans[params.dataIndex].quality || "quality not recorded"}`,
      ], colours),
    },
    legend: legend(colours, data.phases),
    grid: { left: 4, right: narrow ? 14 : 24, top: 40, bottom: 30, containLabel: true },
    xAxis: { ...axis(`energy, ${unit} per run of the workload`, colours), nameGap: 32 },
    yAxis: {
      type: "category",
      inverse: true,
      data: plans.map((plan) => plan.label),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colours.soft } },
      axisLabel: {
        interval: 0,
        fontSize: 12.5,
        width: narrow ? 110 : 190,
        overflow: "truncate",
        color: (_, index) => (plans[index].decision === "chosen" ? colours.accent : colours.ink),
      },
    },
    series: data.phases.map((phase) => ({
      id: phase,
      name: phase,
      type: "bar",
      stack: "joules",
      barMaxWidth: 20,
      itemStyle: { color: colours[phase], borderColor: colours.paper, borderWidth: 1 },
      data: plans.map((plan) => (plan.phases_j ? plan.phases_j[phase] * factor : null)),
    })),
  };
}
