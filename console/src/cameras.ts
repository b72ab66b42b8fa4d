/** A site's cameras: how each is, and how far its events are proved. */

import type { Camera, CameraStanding, SiteField, SitePlace } from "./api";
import { h, say } from "./dom";
import { standingWords } from "./govern";
import { may } from "./session";
import { cameraState, estimate, EVENTS, seal, sentence } from "./words";

const STANDINGS = { validated: "Validated", experimental: "Experimental", off: "Off" } as const;

/** The card; `set` takes a newer state and what each camera may do. */
export function camerasCard(place: SitePlace) {
  const heads = ["Camera", "State", "People", "Seal", "Connection", "Restarts", "Late packets", "Readings/s"];
  const body = h("tbody", {});
  const made = new Map<string, HTMLElement[]>();
  for (const camera of place.cameras) {
    const cells = heads.slice(1).map((head) => h("td", { "data-head": head }));
    made.set(camera.id, cells);
    const stop = may("stop") && h("a", { class: "row-stop", href: `/stop?scope=camera:${camera.id}` }, "Stop", h("span", { class: "hidden" }, ` ${camera.name}`));
    const view = h("a", { class: "row-view", href: `/cameras/${camera.id}` }, "View", h("span", { class: "hidden" }, ` of ${camera.name}`));
    body.append(h("tr", {}, h("th", { scope: "row" }, h("span", { class: "row-name" }, camera.name), view, stop), ...cells));
  }
  const judged = h("tbody", {});
  const events = h("div", { class: "judged", hidden: true },
    h("h3", { id: "judged" }, "How far events are proved"),
    h("p", { class: "note" }, "An event that is experimental calls nobody until a scorecard of that camera proves it."),
    h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "judged" },
      h("table", {},
        h("thead", {}, h("tr", {}, ...["Camera", "Event", "State", "By its scorecard"].map((head) => h("th", { scope: "col" }, head)))), judged)));
  const card = h("section", { class: "card cameras", "aria-labelledby": "cameras" },
    h("h2", { id: "cameras" }, "Cameras"),
    h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "cameras" },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head, k) => h("th", { scope: "col", class: k > 4 ? "number" : false }, head)))), body)),
    h("p", { class: "note" }, "Sealed: the program that sees the picture has no network, no files and no way to start another. Only numbers leave it."),
    events);
  const pill = (cell: HTMLElement, grade: string, what: string, mend = ""): void => {
    if (cell.dataset["said"] === grade + what + mend) return;
    cell.dataset["said"] = grade + what + mend;
    cell.replaceChildren(h("span", { class: "pill", "data-grade": grade }, what), ...(mend ? [h("span", { class: "mend" }, mend)] : []));
  };
  const fill = (camera: Camera, now: number, stands: CameraStanding | undefined): void => {
    const [state, count, sealed, connected, restarts, late, rate] = made.get(camera.id) ?? [];
    if (!state || !count || !sealed || !connected || !restarts || !late || !rate) return;
    const idle = standingWords(stands);
    const { grade, what, mend } = idle ? { grade: idle.grade, what: idle.what, mend: stands?.why ?? "" } : cameraState(camera, now);
    pill(state, grade, what, mend);
    say(count, camera.believed && !idle ? estimate(camera) : "not known");
    const wall = seal(camera.sealed);
    if (idle) {
      pill(sealed, "note", "Does not run");
      pill(connected, "note", "Does not run");
    } else {
      pill(sealed, wall.grade, wall.what);
      pill(connected, camera.connected ? "good" : "warn", camera.connected === null ? "Not known" : camera.connected ? "Connected" : "Not connected");
    }
    for (const [cell, value] of [[restarts, camera.restarts], [late, camera.late]] as const) {
      say(cell, value.toLocaleString("en"));
      cell.className = "number";
    }
    say(rate, camera.readings_per_second.toFixed(1));
    rate.className = "number";
  };
  let said = "";
  const judge = (standing: Map<string, CameraStanding>): void => {
    const rows = place.cameras.flatMap((camera) => (standing.get(camera.id)?.events ?? []).map((one) => ({ camera, ...one })));
    const now = JSON.stringify(rows.map(({ camera, kind, standing, why }) => [camera.id, kind, standing, why]));
    if (now === said) return;
    said = now;
    events.hidden = rows.length === 0;
    judged.replaceChildren(...rows.map(({ camera, kind, standing, why }) => h("tr", {},
      h("th", { scope: "row" }, camera.name),
      h("td", { "data-head": "Event" }, EVENTS[kind as keyof typeof EVENTS] ?? kind),
      h("td", { "data-head": "State" }, h("span", { class: "pill", "data-grade": standing === "validated" ? "good" : "note" }, STANDINGS[standing])),
      h("td", { "data-head": "By its scorecard" }, sentence(why)))));
  };
  return {
    card,
    set(field: SiteField, standing: Map<string, CameraStanding>): void {
      judge(standing);
      for (const camera of field.cameras) fill(camera, field.t, standing.get(camera.id));
    },
  };
}
