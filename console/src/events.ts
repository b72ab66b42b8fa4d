/** Events and alerts that were: searched for by place, time, kind, state and notes; a map, which waits on a telephone until it is asked for, and the same as a list. */

import { type Alert, ask, type FoundEvent, Problem, type SiteNow, type SitePlace } from "./api";
import { levelMark } from "./alert";
import { demonstration, h, part, say } from "./dom";
import type { Box, SitesMap } from "./map";
import { askLink, releasable } from "./releases";
import { sentenceThen } from "./govern";
import { may } from "./session";
import { alertName, alertSaid, alertSays, alertState, EVENTS, moment, sentence, share, siteOf, span } from "./words";

type What = "events" | "alerts";
type Options = readonly (readonly [value: string, words: string])[];

const PAGE = 50;
const SPANS: Options = [["3600", "Last hour"], ["86400", "Last 24 hours"], ["604800", "Last 7 days"], ["2678400", "Last 31 days"], ["", "From … to …"]];
const KINDS: Options = [["", "Any kind"], ...Object.entries(EVENTS)];
const STATES: Record<What, Options> = {
  events: [["", "Any state"], ["open", "Not ended"], ["ended", "Ended"]],
  alerts: [["", "Any state"], ["open", "Open"], ["raised", "Not acknowledged"], ["acknowledged", "Acknowledged"], ["escalated", "Escalated"], ["cleared", "Cleared"]],
};
const STANDINGS: Options = [["", "Any standing"], ["validated", "Validated"], ["experimental", "Experimental"]];

interface Field {
  box: HTMLElement;
  input: HTMLInputElement | HTMLSelectElement;
}

/** Fill `main` with the search. Throws Problem when what was may not be read. */
export async function show(main: HTMLElement): Promise<void> {
  const sites = await ask<SiteNow[]>("sites");
  const names = new Map(sites.map((site) => [site.id, site.name]));
  const open = may("ask-release") ? await releasable().catch(() => new Set<string>()) : new Set<string>();
  document.title = "Events – Plainview";
  if (sites.some((site) => site.simulated)) demonstration("At least one site is simulated: its events never happened.");
  part("link").hidden = true;
  const begun = new URLSearchParams(location.search);
  let what: What = begun.get("what") === "alerts" ? "alerts" : "events";
  const tabs = (["events", "alerts"] as const).map((name) => h("button", { type: "button" }, name === "events" ? "Events" : "Alerts"));
  const site = select("site", "Site", [["", "All sites"], ...sites.map((one) => [one.id, one.name] as const)]);
  const camera = select("camera", "Camera", [["", "All cameras"]]);
  const zone = select("zone", "Zone", [["", "All zones"]]);
  const time = select("span", "Time", SPANS);
  const from = input("from", "From", "datetime-local");
  const to = input("to", "To", "datetime-local");
  const kind = select("kind", "Kind", KINDS);
  const state = select("state", "State", STATES[what]);
  const standing = select("standing", "Standing", STANDINGS);
  const text = input("text", "Words in notes", "search");
  const fields = { site, camera, zone, span: time, from, to, kind, state, standing, text };
  const area = h("input", { type: "checkbox", id: "search-area" });
  const areaRow = h("p", { class: "search-area" }, area, h("label", { for: "search-area" }, "Only what the map shows"));
  const unfold = h("button", { type: "button", class: "quiet", "aria-controls": "map-card" });
  const error = h("p", { class: "error", role: "alert" });
  const form = h("form", { class: "search-form", role: "search", "aria-label": "Events and alerts" },
    h("div", { class: "search-fields" }, ...Object.values(fields).map((field) => field.box)),
    areaRow,
    error,
    h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Search"), unfold));
  const said = h("p", { class: "note", role: "status" });
  const list = h("ol", { class: "found" });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, "Show more");
  const files = ["csv", "geojson"].map((kind_) => h("a", { class: "button", download: true }, kind_ === "csv" ? "CSV" : "GeoJSON"));
  const all = h("p", { class: "search-files", hidden: true }, h("span", { class: "soft" }, "All of it as "), files[0], " ", files[1]);
  const ground = h("div", { class: "map", id: "map" });
  const card = h("section", { class: "home-map card", id: "map-card", "aria-label": "Map of what was found" }, ground,
    h("p", { class: "note" }, "Plain base map: no outside map service is asked. A dot is what was found; the list has all of them."));
  const results = h("section", { class: "card search-found", "aria-label": "What was found" },
    h("div", { class: "card-head" }, said, all),
    list, more);
  main.replaceChildren(
    h("div", { class: "search" },
      h("section", { class: "card search-ask", "aria-labelledby": "title" },
        h("div", { class: "card-head" }, h("h1", { id: "title" }, "Events"), h("div", { class: "choice", role: "group", "aria-label": "What is searched" }, ...tabs)),
        form),
      card, results));

  let map: SitesMap | null = null;
  let box: Box | null = null;
  let asked = new URLSearchParams();
  let cursor: string | null = null;
  let dots: [number, number][] = [];

  /** The search as the API takes it. */
  const query = (): URLSearchParams => {
    const wanted = new URLSearchParams();
    const names_ = what === "events" ? ["site", "camera", "zone", "kind", "state", "standing"] : ["site", "zone", "kind", "state", "text"];
    for (const name of names_) {
      const value = fields[name as keyof typeof fields].input.value.trim();
      if (value) wanted.set(name, value);
    }
    const length = Number(time.input.value);
    if (length) wanted.set("since", (Date.now() / 1000 - length).toFixed(0));
    else {
      if (from.input.value) wanted.set("since", (new Date(from.input.value).getTime() / 1000).toFixed(0));
      if (to.input.value) wanted.set("until", (new Date(to.input.value).getTime() / 1000).toFixed(0));
    }
    if (area.checked && box && !card.hidden) wanted.set("bbox", box.map((degrees) => degrees.toFixed(6)).join(","));
    return wanted;
  };
  /** What was asked stands in the address, so that a search can be passed on. */
  const remember = (): void => {
    const kept = new URLSearchParams({ what });
    for (const [name, { input: field }] of Object.entries(fields)) if (field.value) kept.set(name, field.value);
    history.replaceState(null, "", `?${kept}`);
  };
  const fit = (): void => {
    tabs.forEach((tab, k) => tab.setAttribute("aria-pressed", (k === 0) === (what === "events") ? "true" : "false"));
    for (const field of [camera, standing]) field.box.hidden = what === "alerts";
    text.box.hidden = what === "events";
    for (const field of [from, to]) field.box.hidden = time.input.value !== "";
    say(part("title"), what === "events" ? "Events" : "Alerts");
  };
  const take = (found: (FoundEvent | Alert)[]): void => {
    for (const one of found) {
      list.append("raised_at" in one ? alertRow(one, names) : eventRow(one, names, open));
      if ("longitude" in one) dots.push([one.longitude, one.latitude]);
    }
    map?.found(dots);
    const count = list.children.length;
    const words = what === "events" ? (count === 1 ? "event" : "events") : count === 1 ? "alert" : "alerts";
    say(said, count === 0 ? `No ${words} fit. This does not mean that nothing happened: cameras see a part of the ground.` : `${count} ${words}, the latest first${cursor === null ? "." : "; there are more."}`);
    more.hidden = cursor === null;
    all.hidden = count === 0;
  };
  const page = async (): Promise<void> => {
    const wanted = new URLSearchParams(asked);
    wanted.set("limit", `${PAGE}`);
    if (cursor !== null) wanted.set("cursor", cursor);
    more.disabled = true;
    try {
      const answer = await ask<{ events?: FoundEvent[]; alerts?: Alert[]; cursor: string | null }>(`search/${what}?${wanted}`);
      cursor = answer.cursor;
      take(answer.events ?? answer.alerts ?? []);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      error.textContent = sentence(problem.message);
      if (list.children.length === 0) say(said, "");
    } finally {
      more.disabled = false;
    }
  };
  const search = async (): Promise<void> => {
    error.textContent = "";
    say(said, "Searching…");
    list.replaceChildren();
    cursor = null;
    dots = [];
    asked = query();
    remember();
    files.forEach((file, k) => file.setAttribute("href", `/api/v1/search/${what}.${k === 0 ? "csv" : "geojson"}?${asked}`));
    await page();
  };
  /** Cameras and zones are those of the one site that is chosen. */
  const places = async (): Promise<void> => {
    const chosen = site.input.value;
    let place: SitePlace | null = null;
    if (chosen) place = await ask<SitePlace>(`sites/${chosen}`).catch(() => null);
    const zones = [...(place?.zones ?? []), ...(place?.cameras.flatMap((one) => one.zones) ?? [])].map((one) => one.name);
    fill(camera, [["", "All cameras"], ...(place?.cameras ?? []).map((one) => [one.id, one.name] as const)]);
    fill(zone, [["", "All zones"], ...[...new Set(zones)].map((name) => [name, name] as const)]);
    for (const field of [camera, zone]) (field.input as HTMLSelectElement).disabled = !chosen;
  };

  for (const name of ["site", "span", "from", "to", "kind", "standing", "text"] as const) {
    const value = begun.get(name);
    if (value !== null) choose(fields[name], value);
  }
  if (!begun.has("span")) time.input.value = begun.has("from") ? "" : "86400";
  fit();
  await places();
  for (const name of ["camera", "zone", "state"] as const) choose(fields[name], begun.get(name) ?? "");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void search().then(() => {
      if (narrow.matches && !error.textContent) results.scrollIntoView({ block: "nearest" });
    });
  });
  time.input.addEventListener("change", fit);
  site.input.addEventListener("change", () => void places());
  more.addEventListener("click", () => {
    const first = list.children.length;
    void page().then(() => list.children[first]?.querySelector("a")?.focus());
  });
  tabs.forEach((tab, k) => tab.addEventListener("click", () => {
    what = k === 0 ? "events" : "alerts";
    fill(state, STATES[what]);
    fit();
    void search();
  }));
  let drawn = false;
  const draw = (): void => {
    drawn = true;
    void import("./map")
      .then(({ drawMap }) => {
        map = drawMap(ground, sites, (shown) => { box = shown; });
        map.found(dots);
      })
      .catch(() => {
        area.disabled = true;
        ground.replaceChildren(h("p", { class: "loading" }, "This browser cannot draw the map. The list has everything."));
      });
  };
  // Where map and list stand below one another, what was found comes first.
  const narrow = matchMedia("(max-width: 900px)");
  let unfolded = false;
  const fold = (): void => {
    card.hidden = areaRow.hidden = narrow.matches && !unfolded;
    unfold.hidden = !narrow.matches;
    unfold.setAttribute("aria-expanded", String(unfolded));
    say(unfold, unfolded ? "Hide the map" : "Show the map");
    if (!card.hidden && !drawn) draw();
  };
  narrow.addEventListener("change", fold);
  unfold.addEventListener("click", () => {
    unfolded = !unfolded;
    fold();
  });
  fold();
  await search();
}

function eventRow(event: FoundEvent, names: Map<string, string>, open: Set<string>): HTMLElement {
  const where = [names.get(event.site) ?? event.site, event.zone, `camera ${event.camera}`].filter(Boolean).join(", ");
  const lasted = event.end === null ? "no end seen" : `for ${span(event.end - event.start)}`;
  const sure = event.standing === "validated";
  return row(
    [h("span", { class: "pill", "data-grade": sure ? "good" : "note" }, sure ? "Validated" : "Experimental"), h("strong", {}, EVENTS[event.kind] ?? event.kind)],
    where, `${moment(event.start)}, ${lasted}; ${share(event.confidence)} sure`, planLink(event.site, event.start, event.kind),
    open.has(event.camera) ? h("p", {}, askLink(event.camera, event.start, event.end, EVENTS[event.kind] ?? event.kind)) : null);
}

function alertRow(alert: Alert, names: Map<string, string>): HTMLElement {
  const level = h("span", { class: "level" });
  levelMark(level, alert);
  const lasted = alert.cleared_at === null ? "still open" : `for ${span(alert.cleared_at - alert.raised_at)}`;
  const notes = alert.history.filter((step) => step.who !== "Plainview").map((step) => h("li", {}, `${step.who}: ${step.why}`));
  return row(
    [level, h("strong", {}, alertName(alert))],
    `${sentenceThen(siteOf(alert, (id) => names.get(id) ?? id))}${sentence(alert.state === "cleared" ? alertSaid(alert) : alertSays(alert))}`, `${moment(alert.raised_at)}, ${lasted}. ${alertState(alert)}.`,
    alert.site !== null ? planLink(alert.site, alert.raised_at, alertName(alert), alert.id) : alert.route === null ? null : h("a", { href: "/deliveries" }, "See Deliveries", h("span", { class: "hidden" }, ` (${alert.route})`)), notes.length ? h("ul", { class: "notes" }, ...notes) : null);
}

function row(title: Node[], where: string, when: string, link: HTMLElement | null, more: HTMLElement | null = null): HTMLElement {
  return h("li", {}, h("p", { class: "alert-name" }, ...title), h("p", {}, where), h("p", { class: "alert-since" }, when), more, link && h("p", {}, link));
}

/** The plan as it was then, where what is kept reaches back so far; never a picture. */
function planLink(site: string, at: number, what: string, alert = ""): HTMLElement {
  const about = alert ? `&alert=${encodeURIComponent(alert)}` : "";
  return h("a", { href: `/sites/${site}?at=${at.toFixed(3)}${about}` }, "See the plan at that moment", h("span", { class: "hidden" }, ` (${what}, ${moment(at)})`));
}

function select(name: string, words: string, options: Options): Field {
  const field: Field = { box: h("div", { class: "field" }), input: h("select", { id: `search-${name}`, name }) };
  field.box.append(h("label", { for: `search-${name}` }, words), field.input);
  fill(field, options);
  return field;
}

function input(name: string, words: string, type: string): Field {
  const made = h("input", { id: `search-${name}`, name, type, autocomplete: "off", maxlength: 200 });
  return { box: h("div", { class: "field" }, h("label", { for: `search-${name}` }, words), made), input: made };
}

/** Write `value`, which came with the address; where there is no such option, the first is chosen. */
function choose(field: Field, value: string): void {
  field.input.value = value;
  if (field.input instanceof HTMLSelectElement && field.input.selectedIndex < 0) field.input.selectedIndex = 0;
}

/** Other options; what was chosen stays so where it is still there. */
function fill(field: Field, options: Options): void {
  const before = field.input.value;
  field.input.replaceChildren(...options.map(([value, words]) => h("option", { value }, words)));
  field.input.value = options.some(([value]) => value === before) ? before : "";
}
