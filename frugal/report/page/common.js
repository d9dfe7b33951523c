// What the charts share: how numbers and texts are written.

// Four significant digits and a true minus sign.
export function written(value, sign = "") {
  const digits = Number(Math.abs(value).toPrecision(4)).toString();
  if (value < 0) return `\u2212${digits}`;
  return value > 0 ? sign + digits : digits;
}

// Lines of a tooltip as DOM nodes: texts of the ledger are never parsed as HTML.
export function lines(title, rows, colours) {
  const box = document.createElement("div");
  box.style.cssText = "max-width:19rem;white-space:normal;overflow-wrap:anywhere";
  const head = document.createElement("div");
  head.style.fontWeight = "600";
  head.textContent = title;
  box.append(head);
  for (const text of rows) {
    const row = document.createElement("div");
    row.style.color = colours.soft;
    row.textContent = text;
    box.append(row);
  }
  return box;
}

export function tooltip(colours) {
  return {
    trigger: "item",
    confine: true,
    backgroundColor: colours.card,
    borderColor: colours.line,
    padding: [9, 12],
    textStyle: { color: colours.ink, fontFamily: colours.font, fontSize: 13 },
    extraCssText: "box-shadow:0 4px 18px rgb(0 0 0/.14);border-radius:8px",
  };
}

export function axis(name, colours) {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameTextStyle: { color: colours.soft, fontSize: 13 },
    axisLine: { show: true, lineStyle: { color: colours.soft } },
    axisTick: { show: true, lineStyle: { color: colours.soft } },
    axisLabel: {
      color: colours.soft,
      fontSize: 12,
      hideOverlap: true,
      formatter: (value) => written(value),
    },
    splitLine: { lineStyle: { color: colours.faint } },
  };
}

export function legend(colours, items) {
  return {
    data: items,
    top: 0,
    left: 0,
    itemWidth: 16,
    itemHeight: 11,
    itemGap: 16,
    selectedMode: false,
    textStyle: { color: colours.soft, fontSize: 12.5 },
  };
}
