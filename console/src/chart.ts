/** Count over time with its 90 % interval as a band; a gap where nothing was known. */

import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import type { CountPoint } from "./api";
import { colour, onTheme } from "./dom";
import { whole } from "./words";

type Column = (number | null)[];

/** Draws points that `set` gives, in a place whose width it follows. */
export class Chart {
  private plot: uPlot;
  private points: CountPoint[] = [];
  private range: [number, number] = [0, 1];
  private moment: number | null = null;

  constructor(private readonly place: HTMLElement) {
    this.plot = this.make();
    onTheme(() => {
      this.plot.destroy();
      this.plot = this.make();
      this.draw();
    });
    new ResizeObserver(() => {
      const width = place.clientWidth;
      if (width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: this.height() });
    }).observe(place);
  }

  /** Show `points` over `since` to `until` (UTC seconds). */
  set(points: CountPoint[], since: number, until: number): void {
    this.points = points;
    this.range = [since, until];
    this.draw();
  }

  /** Call `listener` with the moment (UTC seconds) that is clicked on. */
  onPick(listener: (moment: number) => void): void {
    this.place.addEventListener("click", (event) => {
      const over = this.plot.over.getBoundingClientRect();
      const x = event.clientX - over.left;
      if (x >= 0 && x <= over.width) listener(this.plot.posToVal(x, "x"));
    });
  }

  /** Draw a line at the moment (UTC seconds) that the plan shows; null: it shows now. */
  mark(moment: number | null): void {
    if (this.moment === moment) return;
    this.moment = moment;
    this.plot.redraw(false);
  }

  private draw(): void {
    const columns: [Column, Column, Column, Column, Column] = [[], [], [], [], []];
    for (const [t, count, low, high, known] of this.points) {
      // People on a part of the ground are not the site's count: a fall must not look like leaving.
      const all = whole(known);
      columns[0].push(t);
      columns[1].push(all ? high : null);
      columns[2].push(all ? low : null);
      columns[3].push(all ? count : null);
      columns[4].push(all ? null : count);
    }
    this.plot.setData(columns as uPlot.AlignedData, false);
    const most = Math.max(5, ...this.points.map((point) => point[3] ?? 0));
    this.plot.batch(() => {
      this.plot.setScale("x", { min: this.range[0], max: this.range[1] });
      this.plot.setScale("y", { min: 0, max: most * 1.08 });
    });
  }

  private paintMoment(plot: uPlot): void {
    if (this.moment === null || this.moment < this.range[0] || this.moment > this.range[1]) return;
    const x = Math.round(plot.valToPos(this.moment, "x", true));
    const { top, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.strokeStyle = colour("bad");
    plot.ctx.setLineDash([]);
    plot.ctx.lineWidth = 2 * (window.devicePixelRatio || 1);
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, top);
    plot.ctx.lineTo(x, top + height);
    plot.ctx.stroke();
    plot.ctx.restore();
  }

  private height(): number {
    return 180;
  }

  private make(): uPlot {
    const ink = colour("soft");
    const grid = { stroke: colour("line"), width: 1 };
    const font = "12px system-ui, sans-serif";
    const band = colour("band");
    return new uPlot(
      {
        width: Math.max(this.place.clientWidth, 240),
        height: this.height(),
        padding: [8, 28, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        select: { show: false, left: 0, top: 0, width: 0, height: 0 },
        scales: { x: { time: true, auto: false }, y: { auto: false } },
        axes: [
          { stroke: ink, grid: { show: false }, ticks: { show: false }, font, size: 28, space: 64, incrs: STEPS, values: times },
          { stroke: ink, grid, ticks: { show: false }, font, size: 40, space: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
        ],
        series: [
          {},
          { stroke: band, width: 0, points: { show: false }, spanGaps: false },
          { stroke: band, width: 0, points: { show: false }, spanGaps: false },
          { stroke: colour("accent"), width: 2, points: { show: false }, spanGaps: false },
          { stroke: ink, width: 1.5, dash: [3, 4], points: { show: false }, spanGaps: false },
        ],
        bands: [{ series: [1, 2], fill: band }],
        hooks: { draw: [(plot) => this.paintMoment(plot)] },
      },
      [[], [], [], [], []],
      this.place,
    );
  }
}

/** Seconds between two marks of the time axis: minutes to days, never seconds. */
const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000];

/** Axis labels: the time of day, or the day where marks are days apart. */
function times(_: uPlot, marks: number[], __: number, ___: number, step: number): string[] {
  return marks.map((t) => {
    const date = new Date(t * 1000);
    return step >= 86_400
      ? date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })
      : date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  });
}
