/** All sites: a map, and beside it the same as a list. */

import { alertsCard } from "./alerts";
import { type Alert, ask, type CameraStanding, type SiteNow, type System } from "./api";
import { demonstration, h, part, say } from "./dom";
import { allCameras, mayRun, scopeWords, standingWords, toldOf, watch } from "./govern";
import type { SitesMap } from "./map";
import { alertRank } from "./pins";
import { follow } from "./poll";
import { alertsGrade, bytes, capital, countWords, people, quietSites, range, share, siteState, whole, zoneOfTimes } from "./words";

const EVERY = 2000;

interface Row {
  item: HTMLElement;
  count: HTMLElement;
  range: HTMLElement;
  state: HTMLElement;
  seal: HTMLElement;
  alerts: HTMLElement;
}

/** Fill `main`, and keep it current. Throws Problem when the first answer fails. */
export async function show(main: HTMLElement): Promise<void> {
  const sites = await ask<SiteNow[]>("sites");
  document.title = "Sites – Plainview";
  const rows = new Map(sites.map((site) => [site.id, row(site)]));
  const total = h("p", { class: "lede" });
  const stops = h("section", { class: "strip", "data-grade": "bad", "aria-label": "Stop switches that are pressed", hidden: true });
  let standing: CameraStanding[] = [];
  const list = h("ul", { class: "sites", "aria-label": "Sites" }, ...[...rows.values()].map((r) => r.item));
  const ground = h("div", { class: "map", id: "map" });
  const names = new Map(sites.map((site) => [site.id, site.name]));
  let pins: SitesMap | null = null;
  let called: Alert[] = [];
  const alerts = alertsCard({
    site: null,
    every: EVERY,
    names: (site) => names.get(site) ?? site,
    shown: () => undefined,
    changed(open) {
      for (const [id, r] of rows) {
        const own = open.filter((alert) => alert.site === id);
        const words = countWords(own);
        r.alerts.dataset["grade"] = alertsGrade(own);
        say(r.alerts, words);
        r.alerts.hidden = !words;
      }
      gravestFirst(list, [...rows].map(([id, r]) => ({ item: r.item, rank: alertRank(open.filter((alert) => alert.site === id)) })));
      called = open;
      pins?.alerts(open);
    },
  });
  main.replaceChildren(
    h("div", { class: "home" },
      h("section", { class: "home-list", "aria-labelledby": "title" },
        h("h1", { id: "title" }, "Sites"), stops, alerts.card, total, list),
      h("section", { class: "home-map card", "aria-label": "Map of the sites" }, ground,
        h("p", { class: "note" }, "Plain base map: no outside map service is asked. The list has everything that the map shows.")),
    ),
  );
  if (sites.some((site) => site.simulated)) {
    demonstration("At least one site is simulated: its people do not exist.");
  }

  let latest = sites;
  void import("./map")
    .then(({ drawMap }) => drawMap(ground, sites))
    .then((drawn) => {
      pins = drawn;
      drawn.update(latest);
      drawn.alerts(called);
    })
    .catch(() => {
      ground.replaceChildren(h("p", { class: "loading" }, "This browser cannot draw the map. The list has everything."));
    });

  const fill = (now: SiteNow[]): void => {
    latest = now;
    let sure = 0;
    for (const site of now) {
      const r = rows.get(site.id);
      if (r) fillRow(r, site, standing.filter((camera) => camera.site === site.id && !mayRun(camera)));
      if (site.believed === site.cameras) sure += 1;
    }
    alerts.quietly(quietSites(now));
    say(total, `${now.length} ${now.length === 1 ? "site" : "sites"}, ${sure === now.length ? "all cameras can be believed" : `${now.length - sure} with cameras that do not run or cannot be believed`}.`);
    pins?.update(now);
  };
  follow<SiteNow[]>("sites", sites, EVERY, fill);
  void foot();
  watch((now) => {
    standing = now.cameras;
    stops.hidden = now.stops.length === 0;
    const pressed = now.stops.map((stop) => scopeWords(stop.scope, now)).join(", ");
    if (stops.dataset["key"] !== pressed) {
      stops.dataset["key"] = pressed;
      stops.replaceChildren(h("p", {}, h("span", { class: "pill", "data-grade": "bad" }, "Stop switch pressed"), " ", capital(pressed), ". ", h("a", { href: "/stop" }, "Open the stop switch")));
    }
    fill(latest);
  });
}

/** Sites with alarms, then those with warnings, then all others, each in their own order. Never under somebody's pointer or keyboard. */
function gravestFirst(list: HTMLElement, rows: { item: HTMLElement; rank: number }[]): void {
  if (list.matches(":hover") || list.contains(document.activeElement)) return;
  const wanted = [...rows].sort((a, b) => a.rank - b.rank).map((row) => row.item);
  if (wanted.some((item, k) => list.children[k] !== item)) list.append(...wanted);
}

function row(site: SiteNow): Row {
  const count = h("strong", { class: "figure" });
  const interval = h("span", { class: "interval" });
  const state = h("span", { class: "pill" });
  const sealed = h("span", { class: "pill", "data-grade": "bad" });
  const alerts = h("span", { class: "pill", "data-grade": "bad", hidden: true });
  const item = h("li", {},
    h("a", { class: "card site-card", href: `/sites/${site.id}` },
      h("span", { class: "site-name" }, h("h2", {}, site.name),
        site.simulated && h("span", { class: "pill", "data-grade": "note" }, "Simulated")),
      h("span", { class: "site-count" }, count, interval),
      h("span", { class: "site-state" }, alerts, state, sealed),
    ));
  return { item, count, range: interval, state, seal: sealed, alerts };
}

function fillRow(r: Row, site: SiteNow, idle: CameraStanding[]): void {
  const known = site.count !== null;
  say(r.count, known ? people(site.count ?? 0) : "Not known");
  r.count.classList.toggle("unknown", !known);
  const where = whole(site.known) ? "" : ` on ${share(site.known)} of the ground`;
  say(r.range, known ? `people (${range(site)})${where}` : "");
  const { grade, what } = idle.length ? idleState(site, idle) : siteState(site);
  r.state.dataset["grade"] = grade;
  say(r.state, what);
  r.seal.hidden = site.unsealed === 0;
  say(r.seal, site.unsealed === 1 ? "1 camera UNSEALED" : `${site.unsealed} cameras UNSEALED`);
}

/** What is said of a site some of whose cameras do not run. */
function idleState(site: SiteNow, idle: CameraStanding[]): ReturnType<typeof siteState> {
  const told = standingWords(idle[0]);
  const same = idle.every((camera) => camera.state === idle[0]?.state);
  const what = same ? toldOf(told, idle.length).toLowerCase() : "do not run: stopped, suspended or without a permit";
  const which = idle.length === site.cameras ? capital(allCameras(site.cameras)) : `${idle.length} of ${site.cameras} cameras`;
  const rest = site.cameras - site.believed - idle.length;
  return { grade: told?.grade ?? "bad", what: `${which}: ${what}${rest > 0 ? `; ${rest} more cannot be believed` : ""}` };
}

function stored(disk: System["disk"]): string {
  if (disk === null) return "cannot be asked";
  return `${bytes(disk.used)} of ${bytes(disk.bound)} used${disk.free === null ? "" : `, ${bytes(disk.free)} free on the disk`}`;
}

/** The line at the foot of a page of measurements: store and speed. */
export async function foot(): Promise<void> {
  try {
    const system = await ask<System>("system");
    const measured = [
      h("span", {}, `Readings per second: ${system.readings_per_second.toFixed(1)}`),
      h("span", {}, `Store: ${stored(system.disk)}`),
    ];
    part("foot").replaceChildren(
      // At a site nothing that is measured is stored.
      ...(system.role === "site" ? [] : measured),
      h("span", {}, zoneOfTimes()),
      h("span", {}, `Plainview ${system.version}`),
    );
  } catch {
    // The line above the page already says that the server does not answer.
  }
  window.setTimeout(() => void foot(), 5000);
}
