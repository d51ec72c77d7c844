// <upshot-chart option="…">: draws the option, redraws when the attribute, the size or the theme changes. ECharts itself
// is loaded when the first chart appears.
import type { EChartsType } from "echarts/core";

import type { Json, Palette } from "./hydrate";

const TOKENS = ["accent", "accent-soft", "border", "good", "muted", "sunken", "surface", "text", "faint"];

function palette(host: Element): Palette {
  const style = getComputedStyle(host);
  const names = [...TOKENS, ...Array.from({ length: 8 }, (_, index) => `series-${index + 1}`)];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

class UpshotChart extends HTMLElement {
  static observedAttributes = ["option"];

  #chart: EChartsType | undefined;
  #resized = new ResizeObserver(() => this.#chart?.resize());
  #themed = () => void this.#draw();

  connectedCallback(): void {
    document.addEventListener("upshot:theme", this.#themed);
    this.#resized.observe(this);
    void this.#draw();
  }

  disconnectedCallback(): void {
    document.removeEventListener("upshot:theme", this.#themed);
    this.#resized.disconnect();
    this.#chart?.dispose();
    this.#chart = undefined;
  }

  attributeChangedCallback(): void {
    if (this.isConnected && this.#chart) void this.#draw();
  }

  // An annotation leads to what it is about; whoever has no mouse finds the same links below the chart.
  #started(chart: EChartsType): EChartsType {
    chart.on("click", { componentType: "markLine" }, (mark) => {
      const href = (mark.data as { href?: string } | undefined)?.href;
      if (href) location.assign(href);
    });
    return chart;
  }

  async #draw(): Promise<void> {
    const option = JSON.parse(this.getAttribute("option") ?? "{}") as Json;
    const [{ echarts }, { hydrate }, { tooltip }] = await Promise.all([
      import("./parts"),
      import("./hydrate"),
      import("./tooltip"),
    ]);
    if (!this.isConnected) return;
    this.#chart ??= this.#started(echarts.init(this, null, { renderer: "svg" }));
    const drawn = hydrate(option, palette(this)) as { tooltip?: object };
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#chart.setOption(
      {
        ...drawn,
        animation: !calm,
        animationDuration: 250,
        animationDurationUpdate: 250,
        tooltip: { ...drawn.tooltip, formatter: tooltip, className: "chart-tip-host", confine: true, transitionDuration: 0 },
      },
      { notMerge: true },
    );
  }
}

customElements.define("upshot-chart", UpshotChart);
