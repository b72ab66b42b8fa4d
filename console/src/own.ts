/** A site's own pages: which of its cameras run, with the ways to their views and to the stop switch. What they measure is at the centre. */

import { alertsCard } from "./alerts";
import { ask, type CameraStanding, Problem, type SiteNow, type SitePlace } from "./api";
import { h, part } from "./dom";
import { standingStrip, standingWords, watch } from "./govern";
import { foot } from "./home";
import { may } from "./session";
import { type Grade, lensState } from "./words";

/** Milliseconds between two questions for alerts: here only of what is wrong with the program. */
const ALERTS = 3000;

/** Fill `main` with the site `id`, or all of this machine, and keep it current. Throws Problem when there is none. */
export async function show(main: HTMLElement, id: string | null): Promise<void> {
  const sites = (await ask<SiteNow[]>("sites")).filter((site) => id === null || site.id === id);
  if (sites.length === 0) throw new Problem(404, id === null ? "No site may be shown for this purpose" : `There is no site named “${id}”.`);
  const places = await Promise.all(sites.map((site) => ask<SitePlace>(`sites/${site.id}`)));
  const [only] = places.length === 1 ? places : [];
  document.title = `${only?.name ?? "Sites"} – Plainview`;
  const strip = standingStrip();
  const tables = places.map((place) => camerasOf(place, only === undefined));
  const alerts = alertsCard({ site: null, every: ALERTS, names: (site) => places.find((place) => place.id === site)?.name ?? site, shown: () => undefined });
  alerts.quietly({ words: "No alert is open here. Alerts of what its cameras see are raised at the centre.", sure: true });
  main.replaceChildren(
    h("div", { class: "narrow own" },
      h("div", { class: "title-row" }, h("h1", {}, only?.name ?? "Sites"),
        only && may("stop") && h("a", { class: "stop-button", href: `/stop?scope=site:${only.id}` }, "Stop this site")),
      strip.strip, ...tables.map((table) => table.card),
      h("p", { class: "note" }, "Running: its permit is in force, and its video is read here. Whether it can be believed now is told at the centre, with what it measures."),
      alerts.card));
  // Nothing that changes by the second is shown here.
  part("link").hidden = true;
  void foot();
  watch((now) => {
    const mine = now.cameras.filter((camera) => places.some((place) => place.id === camera.site));
    strip.set(mine);
    for (const table of tables) table.set(mine);
  });
}

/** Whether a camera of this machine runs, why not, and what to do. */
export function ownState(camera: CameraStanding): { grade: Grade; what: string; mend: string } {
  const idle = standingWords(camera);
  if (idle) return { grade: idle.grade, what: idle.what, mend: "" };
  if (camera.lens === "starting") return { grade: "warn", what: "Starting", mend: camera.note };
  return lensState(camera.lens, camera.note) ?? { grade: camera.note ? "warn" : "good", what: "Running", mend: camera.note };
}

function camerasOf(place: SitePlace, named: boolean) {
  const states = new Map(place.cameras.map((camera) => [camera.id, h("td", { "data-head": "State" }, "Asking…")]));
  const rows = place.cameras.map((camera) => h("tr", {},
    h("th", { scope: "row" }, h("span", { class: "row-name" }, camera.name),
      h("a", { class: "row-view", href: `/cameras/${camera.id}` }, "View", h("span", { class: "hidden" }, ` of ${camera.name}`)),
      may("stop") && h("a", { class: "row-stop", href: `/stop?scope=camera:${camera.id}` }, "Stop", h("span", { class: "hidden" }, ` ${camera.name}`))),
    states.get(camera.id)));
  const title = `cameras-${place.id}`;
  return {
    card: h("section", { class: "card cameras", "aria-labelledby": title },
      h("h2", { id: title }, named ? `Cameras of ${place.name}` : "Cameras"),
      h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": title },
        h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Camera"), h("th", { scope: "col" }, "State"))), h("tbody", {}, ...rows)))),
    set(standing: CameraStanding[]): void {
      for (const camera of standing) {
        const { grade, what, mend } = ownState(camera);
        const cell = states.get(camera.camera);
        if (!cell || cell.textContent === what + mend) continue;
        cell.replaceChildren(h("span", { class: "pill", "data-grade": grade }, what), ...(mend ? [h("span", { class: "mend" }, mend)] : []));
      }
    },
  };
}
