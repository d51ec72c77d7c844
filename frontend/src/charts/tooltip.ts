// Tooltips are built from elements with classes: the page's policy allows no style in markup.
export interface Mark {
  seriesName?: string;
  color?: unknown;
  data?: { text?: string; title?: string; note?: string } | null;
  name?: string;
}

function element(tag: string, kind: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

function row(mark: Mark): HTMLElement {
  const line = element("div", "chart-tip-row");
  const swatch = element("i", "chart-tip-swatch");
  if (typeof mark.color === "string") swatch.style.backgroundColor = mark.color;
  line.append(
    swatch,
    element("span", "chart-tip-name", [mark.seriesName, mark.data?.note].filter(Boolean).join(" · ")),
    element("b", "chart-tip-value", mark.data?.text ?? ""),
  );
  return line;
}

export function tooltip(marks: Mark | Mark[]): HTMLElement {
  const shown = (Array.isArray(marks) ? marks : [marks]).filter((mark) => mark.data?.text);
  const tip = element("div", "chart-tip");
  tip.append(element("div", "chart-tip-title", shown[0]?.data?.title ?? shown[0]?.name ?? ""));
  const seen = new Set<string>();
  for (const mark of shown) {
    const key = `${mark.seriesName}|${mark.data?.text}`;
    if (!seen.has(key)) tip.append(row(mark));
    seen.add(key);
  }
  return tip;
}
