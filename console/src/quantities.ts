/** The physics of each zone, and each threshold that is watched, as tables. */

import type { Quantities, Watch, ZoneQuantities } from "./api";
import { h, say } from "./dom";
import { poll } from "./poll";
import { amount, capital, estimate, foreseen, interval, quantityName, sentence, span, threshold, WATCHES, zoneWords } from "./words";

const EVERY = 2000;

interface Column {
  head: string;
  unit: string;
  tell(zone: ZoneQuantities): string;
}

const COLUMNS: readonly Column[] = [
  { head: "Density", unit: "people/m²", tell: (zone) => interval(zone.density, fixed(1)) },
  { head: "Densest 3 m square", unit: "people/m²", tell: (zone) => interval(zone.peak, fixed(1)) },
  { head: "Pressure", unit: "1/s²", tell: (zone) => interval(zone.pressure, fixed(3)) },
  { head: "People", unit: "", tell: (zone) => (zone.occupancy?.value == null ? "not known" : estimate({ count: zone.occupancy.value, low: zone.occupancy.low, high: zone.occupancy.high })) },
  { head: "Speed", unit: "m/s", tell: (zone) => number(zone.speed, 2) },
  { head: "Flow", unit: "people/(m s)", tell: (zone) => number(zone.flow, 2) },
  { head: "In and out", unit: "people/min", tell: (zone) => (zone.inflow === null && zone.outflow === null ? "not known" : `${number(zone.inflow, 0)} in, ${number(zone.outflow, 0)} out`) },
  { head: "Stay", unit: "", tell: (zone) => (zone.dwell === null ? "not known" : span(zone.dwell)) },
  { head: "Alarm density in", unit: "", tell: (zone) => (zone.peak === null ? "not known" : foreseen(zone.reach)) },
];

function fixed(digits: number): (value: number) => string {
  return (value) => value.toFixed(digits);
}

function number(value: number | null, digits: number): string {
  return value === null ? "not known" : value.toFixed(digits);
}

/** The table of zones, kept current for as long as the page is open. */
export function quantitiesCard(site: string): HTMLElement {
  const body = h("tbody", {});
  const said = h("p", { class: "note" }, "Asking for quantities…");
  // On a phone a row is a list, and each cell carries its column's head.
  const heads = ["Level", ...COLUMNS.map(({ head, unit }) => (unit ? `${head}, ${unit}` : head))];
  const scroll = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "quantities", hidden: true },
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Zone"), h("th", { scope: "col" }, "Level"),
      ...COLUMNS.map(({ head, unit }) => h("th", { scope: "col" }, head, unit && h("small", { class: "unit" }, unit))))), body));
  const card = h("section", { class: "card stacked quantities", "aria-labelledby": "quantities" },
    h("h2", { id: "quantities" }, "What the crowd does now, by zone"), scroll, said);
  const rows = new Map<string, HTMLElement>();
  const fill = (zone: ZoneQuantities): HTMLElement => {
    const key = zone.zone ?? "";
    let row = rows.get(key);
    if (!row) {
      row = h("tr", {}, h("th", { scope: "row" }, zoneWords(zone.zone), h("span", { class: "mend" })),
        ...heads.map((head) => h("td", { "data-head": head })));
      rows.set(key, row);
    }
    const [name, level, ...cells] = [...row.children];
    const why = name?.querySelector(".mend");
    if (why) say(why, sentence(zone.why ?? ""));
    if (level && level.getAttribute("data-level") !== String(zone.level)) {
      level.setAttribute("data-level", String(zone.level));
      level.replaceChildren(zone.level ? h("span", { class: "swatch", "data-level": zone.level }, zone.level) : "not known",
        zone.facility === "walkway" ? "" : h("small", { class: "unit" }, zone.facility));
    }
    COLUMNS.forEach((column, k) => {
      const cell = cells[k];
      if (!cell) return;
      const told = column.tell(zone);
      cell.classList.toggle("soft", told === "not known");
      say(cell, told);
    });
    return row;
  };
  poll<Quantities>("quantities", `sites/${site}/quantities`, EVERY, (answer) => {
    const shown = answer.zones.map(fill);
    if (shown.length !== body.children.length || shown.some((row, k) => body.children[k] !== row)) body.replaceChildren(...shown);
    scroll.hidden = false;
    say(said, "Density: 19 of 20 cells hold less. Densest 3 m square: what thresholds watch; one cell of the plan may be denser. Numbers in brackets: the 90 % interval. The level is Fruin's, for walkways unless it says stairs or queue, of the mean over the zone: comfort and flow, no safety limit. In and out: over the lines at its border; stay: where it is less than half a minute. Not foreseen: the densest square does not grow, or has less than half of that density.");
  }, (words) => say(said, words));
  return card;
}

/** What is measured now; a time that is never reached has no number, and is known all the same. */
function nowOf(watch: Watch): string {
  if (watch.state === "off") return "not measured";
  return watch.quantity === "reach" && watch.state === "clear" && watch.value === null ? "not foreseen" : amount(watch);
}

/** The table of thresholds, kept current; `summary` is told one line about all of them. */
export function watchesCard(site: string, heard: (watches: Watch[]) => void): HTMLElement {
  const body = h("tbody", {});
  const said = h("p", { class: "note" }, "Asking for thresholds…");
  const heads = ["What is watched", "State", "Now", "Threshold", "Why"];
  const scroll = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "watches", hidden: true },
    h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), body));
  const card = h("section", { class: "card stacked watches", "aria-labelledby": "watches" },
    h("h2", { id: "watches" }, "Thresholds that are watched"), scroll, said);
  const rows = new Map<string, HTMLElement>();
  const fill = (watch: Watch): HTMLElement => {
    const key = JSON.stringify([watch.zone, watch.quantity, watch.level]);
    let row = rows.get(key);
    if (!row) {
      row = h("tr", {}, h("th", { scope: "row" }, `${quantityName(watch.quantity)}, ${watch.zone ?? "whole site"}`),
        ...heads.slice(1).map((head) => h("td", { "data-head": head })));
      rows.set(key, row);
    }
    const [, state, now, limit, why] = [...row.children];
    const told = WATCHES[watch.state] ?? { grade: "warn", what: watch.state };
    const limits = threshold(watch);
    if (state && state.getAttribute("data-state") !== watch.state) {
      state.setAttribute("data-state", watch.state);
      state.replaceChildren(h("span", { class: "pill", "data-grade": told.grade }, told.what));
    }
    if (now) say(now, nowOf(watch));
    if (why) {
      // A column needs a word in each row; where each row is a list of its own there is nothing to say.
      why.classList.toggle("nothing", !watch.why);
      say(why, sentence(watch.why) || "–");
    }
    if (limit && limit.getAttribute("data-key") !== limits + watch.source) {
      limit.setAttribute("data-key", limits + watch.source);
      limit.replaceChildren(h("span", {}, capital(limits)), h("span", { class: "mend" }, watch.source));
    }
    return row;
  };
  poll<Watch[]>("which thresholds are watched", `sites/${site}/watch`, EVERY, (answer) => {
    heard(answer);
    const shown = answer.map(fill);
    if (shown.length !== body.children.length || shown.some((row, k) => body.children[k] !== row)) body.replaceChildren(...shown);
    scroll.hidden = answer.length === 0;
    say(said, answer.length === 0 ? "No thresholds are set for this site." : "Cannot tell: not measured well enough, or not for long enough; the reason stands beside it. Nobody is called, and nothing is cleared. Off: no assessment in force allows it, or it was stopped.");
  }, (words) => say(said, words));
  return card;
}
