// The way of one run's joules: from the meter to phases and waste, by layer, and over time.

import { axis, legend, lines, tooltip, written } from "./common.js";

function colour(colours, kind) {
  if (kind === "all") return colours.soft;
  return kind === "waste" ? colours.warn : colours[kind];
}

export function flowOption(data, colours, width) {
  const { factor, unit } = data.flow.scale;
  const narrow = width < 520;
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    tooltip: {
      ...tooltip(colours),
      formatter: (params) => lines(
        params.dataType === "edge" ? `${params.data.source} \u2192 ${params.data.target}` : params.name,
        [`${written(params.value * factor)} ${unit}`],
        colours,
      ),
    },
    series: [{
      type: "sankey",
      left: 2,
      right: narrow ? 90 : 150,
      top: 8,
      bottom: 8,
      nodeWidth: 14,
      nodeGap: 14,
      nodeAlign: "left",
      layoutIterations: 0,  // in the order that they are told in
      draggable: false,
      emphasis: { focus: "adjacency" },
      label: { color: colours.ink, fontSize: narrow ? 11 : 12.5 },
      lineStyle: { color: "source", opacity: 0.28 },
      data: data.flow.nodes.map(({ name, kind }) => ({
        name,
        itemStyle: { color: colour(colours, kind), borderWidth: 0 },
      })),
      links: data.flow.links,
    }],
  };
}

export function layersOption(data, colours) {
  const { factor, unit } = data.flow.scale;
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    tooltip: {
      ...tooltip(colours),
      formatter: (params) => lines(`layer ${params.dataIndex}`,
        [`${written(params.value)} ${unit}`], colours),
    },
    grid: { left: 34, right: 14, top: 16, bottom: 30, containLabel: true },
    xAxis: {
      type: "category",
      name: "layer",
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: { color: colours.soft, fontSize: 13 },
      data: data.flow.layers_j.map((_, index) => String(index)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colours.soft } },
      axisLabel: { color: colours.soft, fontSize: 12, hideOverlap: true },
    },
    yAxis: { ...axis(`energy, ${unit}`, colours), nameGap: 40 },
    series: [{
      type: "bar",
      barMaxWidth: 26,
      itemStyle: { color: colours.accent },
      data: data.flow.layers_j.map((value) => value * factor),
    }],
  };
}

export function powerOption(data, colours) {
  const shades = [colours.accent, colours.prefill, colours.tool, colours.retrieval, colours.soft];
  const { power } = data.flow;
  return {
    animation: false,
    textStyle: { fontFamily: colours.font },
    tooltip: {
      ...tooltip(colours),
      formatter: (params) => lines(params.seriesName,
        [`${written(params.value[1])} W until ${written(params.value[0])} s`], colours),
    },
    legend: legend(colours, power.map(({ domain }) => domain)),
    grid: { left: 34, right: 24, top: 36, bottom: 30, containLabel: true },
    xAxis: { ...axis("time, s", colours), nameGap: 28 },
    yAxis: { ...axis("power, W", colours), nameGap: 40, min: 0 },
    series: power.map(({ domain, points }, index) => ({
      name: domain,
      type: "line",
      step: "start",  // a sample is the mean since the one before
      showSymbol: points.length < 60,
      symbolSize: 5,
      lineStyle: { width: 1.6 },
      color: shades[index % shades.length],
      data: points.length ? [[0, points[0][1]], ...points] : [],
    })),
  };
}
