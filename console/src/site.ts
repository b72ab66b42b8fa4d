/** One site, live: plan, count, crossings and cameras. */

import { alertsCard } from "./alerts";
import { ask, type Camera, type CameraStanding, Problem, type SiteField, type SiteNow, type SitePlace } from "./api";
import { camerasCard } from "./cameras";
import { crossingsCard } from "./crossings";
import { demonstration, h, part, say } from "./dom";
import { mayRun, standingStrip, standingWords, watch } from "./govern";
import { historyCard } from "./history";
import { foot } from "./home";
import { densest as densestOf, levelOf } from "./levels";
import { type Link, listen } from "./live";
import { planCard } from "./plancard";
import { quantitiesCard, watchesCard } from "./quantities";
import { may } from "./session";
import { usualCard } from "./usual";
import { cameraState, clock, estimate, people, range, share, whole } from "./words";

/** Seconds between two announcements to a screen reader, when nothing is wrong and when something is. */
const ANNOUNCE = 30;
const ALARM = 2;
/** Milliseconds between two questions for alerts; this site's come with its live stream, too. */
const ALERTS = 3000;

/** Fill `main` with the site's page and keep it current. Throws Problem when there is no such site. */
export async function show(main: HTMLElement, id: string): Promise<void> {
  let place: SitePlace;
  try {
    place = await ask<SitePlace>(`sites/${id}`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) throw new Problem(404, `There is no site named “${id}”.`);
    throw error;
  }
  document.title = `${place.name} – Plainview`;
  if (place.simulated) {
    demonstration("This site is simulated: its people do not exist.");
  }
  const count = countCard();
  const history = historyCard(id, (moment) => time.go(moment));
  const plan = planCard(place, (at) => history.mark(at));
  const usual = usualCard(id);
  const crossings = crossingsCard(place, id);
  const cameras = camerasCard(place);
  const idle = standingStrip();
  const standing = new Map<string, CameraStanding>();
  const names = new Map([[id, place.name]]);
  // Other sites' alerts are told of, too; without an answer by their ids.
  void ask<SiteNow[]>("sites").then((sites) => sites.forEach((site) => names.set(site.id, site.name)), () => undefined);
  // A notice's link tells the moment of its step; an alert that is chosen here shows when it began.
  const query = new URLSearchParams(location.search);
  let asked = Number(query.get("at"));
  const alerts = alertsCard({
    site: id,
    every: ALERTS,
    names: (site) => names.get(site) ?? site,
    shown(alert) {
      fit.pointOut(alert?.at ?? null, alert?.zone ?? null);
      if (!alert) return time.now();
      time.go(asked > 0 && alert.id === query.get("alert") ? asked : alert.raised_at);
      asked = 0;
    },
  });
  main.replaceChildren(
    h("div", { class: "title-row" }, h("h1", {}, place.name), may("stop") && h("a", { class: "stop-button", href: `/stop?scope=site:${id}` }, "Stop this site")),
    idle.strip,
    h("div", { class: "site" },
      h("div", { class: "side ground" }, plan.card, crossings.card),
      h("div", { class: "side" }, alerts.card, count.card, usual.card, history.card),
      quantitiesCard(id),
      watchesCard(id, alerts.watched),
      cameras.card),
  );
  const { fit, time, state } = plan.start();
  if (asked > 0) time.go(asked);
  const announce = announcer();
  listen(id, {
    state(field) {
      state(field);
      count.set(field, place, standing);
      usual.set(field);
      history.add(field);
      cameras.set(field, standing);
      announce(field, standing);
    },
    missed: (series) => history.merge(series),
    alerts: (open) => alerts.live(open),
    link: (link, last) => showLink(link, last),
  });
  void history.load(0);
  void crossings.poll();
  void foot();
  watch((now) => {
    standing.clear();
    for (const camera of now.cameras) if (camera.site === id) standing.set(camera.camera, camera);
    idle.set([...standing.values()]);
  });
}

function showLink(link: Link, last: number | null): void {
  const words: Record<Link, string> = {
    connecting: "Connecting",
    live: "Live",
    late: last === null ? "Waiting" : `Nothing new since ${clock(last)}`,
    dropped: last === null ? "No connection. Trying again" : `Not live since ${clock(last)}. Trying again`,
  };
  part("link").dataset["state"] = link;
  say(part("link-text"), words[link]);
  document.body.classList.toggle("stale", link === "dropped" || link === "late");
}

function countCard() {
  const title = h("h2", { id: "now" }, "People now");
  const figure = h("strong", { class: "big" }, "–");
  const interval = h("span", { class: "big-range" });
  const sure = h("p", { class: "note" }, "Waiting for the first measurement");
  const old = h("p", { class: "stale-note" }, "This is the last known state, not the present.");
  const densest = h("dd", {});
  const known = h("dd", {});
  const card = h("section", { class: "card now", "aria-labelledby": "now" },
    title,
    h("p", { class: "figures" }, figure, interval), sure, old,
    h("dl", { class: "facts" }, h("div", {}, h("dt", {}, "Densest on the plan"), densest), h("div", {}, h("dt", {}, "Ground measured"), known)));
  return {
    card,
    set(field: SiteField, place: SitePlace, standing: Map<string, CameraStanding>): void {
      const runs = standing.size === 0 || [...standing.values()].some(mayRun);
      const some = field.count !== null;
      const partly = some && !whole(field.known);
      say(title, partly ? `People now, on ${share(field.known)} of the ground` : "People now");
      say(figure, some ? people(field.count ?? 0) : "Not known");
      figure.classList.toggle("unknown", !some);
      say(interval, some ? `(${range(field)})` : "");
      say(sure, !some
        ? `${runs ? "No camera of this site can be believed." : "No camera of this site runs."} This does not mean that it is empty.`
        : partly
          ? "There may be more: the rest of the ground cannot be measured now. See the cameras below."
          : "The true number is between these nine times out of ten.");
      const most = densestOf(place, field);
      say(densest, most === null ? "Not known" : `Level ${levelOf(most)}, ${most.toFixed(1)} people/m²`);
      say(known, share(field.known));
      known.dataset["grade"] = card.dataset["grade"] = whole(field.known) ? "good" : "bad";
    },
  };
}

/** Tells a screen reader the count now and then, and soon when a camera's state changes. */
function announcer(): (field: SiteField, standing: Map<string, CameraStanding>) => void {
  let last = -Infinity;
  let before = "";
  return (field, standing) => {
    const now = performance.now() / 1000;
    const idle = (camera: Camera): string | undefined => standingWords(standing.get(camera.id))?.what;
    const down = field.cameras.filter((camera) => !camera.believed || idle(camera));
    const states = down.map((camera) => `${camera.name}: ${idle(camera) ?? cameraState(camera, field.t).what}`).join(". ");
    const key = down.map((camera) => camera.id + camera.health.join() + (idle(camera) ?? "")).join();
    const changed = key !== before;
    if (now - last < (changed ? ALARM : ANNOUNCE)) return;
    last = now;
    before = key;
    const where = field.count === null || whole(field.known) ? "" : ` on ${share(field.known)} of the ground`;
    part("announce").textContent = `People now ${estimate(field)}${where}. ${states || (changed ? "All cameras measuring" : "")}`;
  };
}
