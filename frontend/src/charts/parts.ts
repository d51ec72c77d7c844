// The parts of ECharts that charts on pages are made of, and nothing else.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

echarts.use([BarChart, GridComponent, LineChart, MarkLineComponent, SVGRenderer, TooltipComponent]);

export { echarts };
