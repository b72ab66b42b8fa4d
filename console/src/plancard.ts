/** The plan of a site with its read-out, its legend, its past and the same as a table. */

import type { SiteField, SitePlace } from "./api";
import { h, say } from "./dom";
import { levelOf, LEVELS } from "./levels";
import { Plan, type Spot } from "./plan";
import { type Scrubber, scrubber } from "./scrubber";
import { compass, moment } from "./words";

/** The plan, once its card is on the page. */
export interface Ground {
  fit: Plan;
  time: Scrubber;
  /** Take the site's present. */
  state(field: SiteField): void;
}

/** The card; `marked` is told which moment the plan shows, null for the present. */
export function planCard(place: SitePlace, marked: (at: number | null) => void) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const read = h("p", { class: "readout", "aria-live": "polite" }, "Point at the ground, or focus the plan and use the arrow keys, to read it.");
  const stage = h("div", { class: "stage", tabindex: 0, role: "group", "aria-label": `Plan of ${place.name}. The arrow keys read it place by place; a table follows.` }, canvas, h("p", { class: "veil", "aria-hidden": "true" }, "Not live"));
  const rows = h("tbody", {});
  const legend = h("ul", { class: "legend", "aria-label": "Levels of service" },
    ...LEVELS.map(({ level, from, what }, k) => {
      const to = LEVELS[k + 1]?.from;
      const limits = to === undefined ? `over ${from.toFixed(2)}` : `${from ? from.toFixed(2) : "0"}–${to.toFixed(2)}`;
      return h("li", {}, h("span", { class: "swatch", "data-level": level }, level), h("span", {}, what), h("small", {}, limits));
    }),
    h("li", {}, h("span", { class: "swatch", "data-level": "unknown" }), h("span", {}, "not known"), h("small", {}, "not empty")));
  const title = h("h2", { id: "plan" }, "The ground from above");
  let newest: SiteField | null = null;
  let draw: (field: SiteField) => void = () => undefined;
  const time = scrubber(place.id, {
    show(field, at): void {
      card.dataset["live"] = String(at === null);
      say(title, at === null ? "The ground from above" : `The ground from above, at ${moment(at)}`);
      marked(at);
      const shown = field ?? newest;
      if (shown) draw(shown);
    },
  });
  stage.append(time.ribbon);
  const card = h("section", { class: "card plan", "aria-labelledby": "plan" },
    h("div", { class: "card-head" }, title, h("p", { class: "note" }, "People per m², averaged over 3 m around. No picture of the scene exists here.")),
    stage, time.part, read, legend,
    h("details", {}, h("summary", {}, "The plan as a table"),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The plan as a table" },
        h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Level of service"), h("th", { scope: "col" }, "People per m²"), h("th", { scope: "col", class: "number" }, "Ground"))), rows))));
  return {
    card,
    start(): Ground {
      const plan = new Plan(canvas, place);
      stage.style.setProperty("--aspect", String(Math.min(Math.max(plan.aspect, 0.5), 1.25)));
      const tell = (spot: Spot | null): void => say(read, spot ? spotWords(spot, place.bearing) : "Point at the ground, or focus the plan and use the arrow keys, to read it.");
      canvas.addEventListener("pointermove", (event) => tell(plan.pointAt([event.offsetX, event.offsetY])));
      canvas.addEventListener("pointerleave", () => tell(plan.pointAt(null)));
      stage.addEventListener("blur", () => tell(plan.pointAt(null)));
      const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      stage.addEventListener("keydown", (event) => {
        const step = steps[event.key];
        if (!step) return;
        event.preventDefault();
        const metres = event.shiftKey ? 5 : 1;
        tell(plan.move(step[0] * metres, step[1] * metres));
      });
      draw = (field) => {
        plan.set(field);
        const { levels, unknown } = plan.ground();
        const table: [string, string, number][] = LEVELS.map(({ level, from, what }) => [`${level}, ${what}`, from ? `from ${from.toFixed(2)}` : "from 0", levels.get(level) ?? 0]);
        table.push(["Not known", "not empty", unknown]);
        rows.replaceChildren(...table.map(([name, density, metres]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, density), h("td", { class: "number" }, `${Math.round(metres)} m²`))));
      };
      const state = (field: SiteField): void => {
        newest = field;
        if (time.live) draw(field);
      };
      return { fit: plan, time, state };
    },
  };
}

function spotWords(spot: Spot, bearing: number): string {
  const where = `${spot.at[0].toFixed(1)} m, ${spot.at[1].toFixed(1)} m`;
  if (!spot.inside) return `${where}: outside the site`;
  if (spot.density === null) return `${where}: not known, which is not the same as empty`;
  const density = `${spot.density.toFixed(2)} people/m², level ${levelOf(spot.density)}`;
  const [vx, vy] = spot.velocity ?? [0, 0];
  const speed = Math.hypot(vx, vy);
  const way = !spot.velocity ? "" : speed < 0.15 ? ", standing" : `, ${speed.toFixed(1)} m/s to the ${compass(vx, vy, bearing)}`;
  return `${where}: ${density}${way}`;
}
