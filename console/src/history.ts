/** How many people were at a site: the curve, and the same as a table. */

import { ask, type CountPoint, type CountSeries, type SiteField } from "./api";
import { Chart } from "./chart";
import { h, say } from "./dom";
import { clock, estimate, sentence, share, whole } from "./words";

type Resolution = "reading" | "minute" | "hour";
const RANGES: readonly { words: string; seconds: number; resolution: Resolution }[] = [
  { words: "15 min", seconds: 900, resolution: "reading" },
  { words: "1 hour", seconds: 3600, resolution: "reading" },
  { words: "1 day", seconds: 86_400, resolution: "minute" },
  { words: "30 days", seconds: 30 * 86_400, resolution: "hour" },
];
/** Seconds that the curve shows at least. */
const SHORTEST = 120;

/** The card; `picked` is told of a moment that somebody points at. */
export function historyCard(id: string, picked: (moment: number) => void) {
  const place = h("div", { class: "chart", "aria-hidden": "true" });
  const buttons = RANGES.map(({ words }, k) => h("button", { type: "button", "aria-pressed": k === 0 ? "true" : "false" }, words));
  const rows = h("tbody", {});
  const said = h("p", { class: "note" }, "The band is the 90 % interval. A gap: not known. A dashed line: only part of the ground was measured. A click shows its moment on the plan.");
  const card = h("section", { class: "card history", "aria-labelledby": "history" },
    h("div", { class: "card-head" }, h("h2", { id: "history" }, "People over time"), h("div", { class: "choice", role: "group", "aria-label": "Time shown" }, ...buttons)),
    place, said,
    h("details", {}, h("summary", {}, "The curve as a table"),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The curve as a table" },
        h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Time"), h("th", { scope: "col" }, "People"))), rows))));
  let chosen = 0;
  let points: CountPoint[] = [];
  let step = 1;
  let chart: Chart | null = null;
  let tabled = 0;
  const draw = (): void => {
    const { seconds } = RANGES[chosen] ?? RANGES[0]!;
    const until = Date.now() / 1000;
    points = points.filter((point) => point[0] > until - seconds - step);
    if (chart === null) {
      chart = new Chart(place);
      chart.onPick(picked);
    }
    // What has only begun is not squeezed into the corner of a time in which nothing was measured.
    const begun = RANGES[chosen]?.resolution === "reading" ? Math.min(points[0]?.[0] ?? until, until - SHORTEST) : 0;
    chart.set(points, Math.max(until - seconds, begun), until);
    if (performance.now() - tabled > 10_000 || tabled === 0) {
      tabled = performance.now();
      table();
    }
  };
  const table = (): void => {
    const each = Math.max(1, Math.ceil(points.length / 15));
    const shown = points.filter((_, k) => (points.length - 1 - k) % each === 0).reverse();
    rows.replaceChildren(...shown.map(([t, count, low, high, known]) => h("tr", {}, h("th", { scope: "row" }, (RANGES[chosen]?.seconds ?? 0) > 86_400 ? new Date(t * 1000).toLocaleString("en-GB") : clock(t)), h("td", {}, estimate({ count, low, high }) + (count !== null && !whole(known) ? `, on ${share(known)} of the ground` : "")))));
  };
  const load = async (which: number): Promise<void> => {
    chosen = which;
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", k === which ? "true" : "false"));
    const { seconds, resolution } = RANGES[which] ?? RANGES[0]!;
    try {
      const until = Date.now() / 1000;
      const series = await ask<CountSeries>(`sites/${id}/count?resolution=${resolution}&since=${until - seconds}&until=${until}`);
      if (which !== chosen) return;
      step = series.step;
      points = series.points;
      tabled = 0;
      draw();
    } catch (error) {
      say(said, sentence(`The past cannot be shown: ${error instanceof Error ? error.message : String(error)}`));
    }
  };
  buttons.forEach((button, k) => button.addEventListener("click", () => void load(k)));
  window.setInterval(() => {
    if (RANGES[chosen]?.resolution !== "reading") void load(chosen);
  }, 60_000);
  return {
    card,
    load,
    /** Show which moment the plan shows; null: the present. */
    mark(at: number | null): void {
      chart?.mark(at);
    },
    /** The newest point, in the place of the last one while the step is the same. */
    add(field: SiteField): void {
      if (RANGES[chosen]?.resolution !== "reading") return;
      const t = Math.ceil((field.measured ?? field.t) / step) * step;
      const last = points.at(-1);
      if (last && last[0] > t) return;
      if (last && last[0] === t) points.pop();
      points.push([t, field.count, field.low, field.high, field.known]);
      draw();
    },
    merge(series: CountSeries): void {
      if (RANGES[chosen]?.resolution !== "reading") return;
      const known = new Map(points.map((point) => [point[0], point]));
      for (const point of series.points) known.set(point[0], point);
      points = [...known.values()].sort((a, b) => a[0] - b[0]);
      draw();
    },
  };
}
