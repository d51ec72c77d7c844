// The same charts without a browser: an option and a palette as JSON in, SVG out.
import { HeatmapChart } from "echarts/charts";
import { LegendComponent, TitleComponent, VisualMapComponent } from "echarts/components";

import { hydrate, type Json, type Palette } from "./hydrate";
import { echarts } from "./parts";

// a page draws its grids as tables and its titles and legends itself
echarts.use([HeatmapChart, LegendComponent, TitleComponent, VisualMapComponent]);

Object.assign(globalThis, {
  upshotRender(option: string, palette: string, width: number, height: number): string {
    const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
    try {
      const colours = JSON.parse(palette) as Palette;
      chart.setOption({
        ...(hydrate(JSON.parse(option) as Json, colours) as object),
        animation: false,
        backgroundColor: colours["surface"] ?? "transparent",
      });
      return chart.renderToSVGString();
    } finally {
      chart.dispose();
    }
  },
});
