/** One site, live: plan, count, crossings and cameras. */

import { ask, type Camera, type CameraStanding, type CountPoint, type CountSeries, type Crossing, type Line, Problem, type SiteField, type SiteNow, type SitePlace } from "./api";
import { alertsCard } from "./alerts";
import { Chart } from "./chart";
import { h, part, say, svg } from "./dom";
import { standingStrip, standingWords, watch } from "./govern";
import { foot } from "./home";
import { densest as densestOf, LEVELS, levelOf } from "./levels";
import { type Link, listen } from "./live";
import { Plan, type Spot } from "./plan";
import { quantitiesCard, watchesCard } from "./quantities";
import { type Scrubber, scrubber } from "./scrubber";
import { may } from "./session";
import { usualCard } from "./usual";
import { cameraState, clock, compass, estimate, moment, people, range, seal, sentence, share, span, whole } from "./words";

type Resolution = "reading" | "minute" | "hour";
const RANGES: readonly { words: string; seconds: number; resolution: Resolution }[] = [
  { words: "15 min", seconds: 900, resolution: "reading" },
  { words: "1 hour", seconds: 3600, resolution: "reading" },
  { words: "1 day", seconds: 86_400, resolution: "minute" },
  { words: "30 days", seconds: 30 * 86_400, resolution: "hour" },
];
/** Seconds between two announcements to a screen reader, when nothing is wrong and when something is. */
const ANNOUNCE = 30;
const ALARM = 2;
/** Milliseconds between two questions for alerts; this site's come with its live stream, too. */
const ALERTS = 3000;
/** Seconds that the curve shows at least. */
const SHORTEST = 120;

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
    const banner = part("banner");
    banner.hidden = false;
    banner.replaceChildren(h("strong", {}, "Demonstration. "), "This site is simulated: its people do not exist.");
  }
  const count = countCard();
  const history = historyCard(id, (moment) => time.go(moment));
  const plan = planCard(place, (at) => history.mark(at));
  const crossings = crossingsCard(place, id);
  const cameras = camerasCard(place);
  const idle = standingStrip();
  const standing = new Map<string, CameraStanding>();
  const names = new Map([[id, place.name]]);
  // Other sites' alerts are told of, too; without an answer by their ids.
  void ask<SiteNow[]>("sites").then((sites) => sites.forEach((site) => names.set(site.id, site.name)), () => undefined);
  const alerts = alertsCard({
    site: id,
    every: ALERTS,
    names: (site) => names.get(site) ?? site,
    shown(alert) {
      fit.pointOut(alert?.at ?? null, alert?.zone ?? null);
      if (alert) time.go(alert.raised_at);
      else time.now();
    },
  });
  main.replaceChildren(
    h("div", { class: "title-row" }, h("h1", {}, place.name), may("stop") && h("a", { class: "stop-button", href: `/stop?scope=site:${id}` }, "Stop this site")),
    idle.strip,
    h("div", { class: "site" },
      h("div", { class: "side ground" }, plan.card, crossings.card),
      h("div", { class: "side" }, alerts.card, count.card, usualCard(id), history.card),
      quantitiesCard(id),
      watchesCard(id, alerts.watched),
      cameras.card),
  );
  const { fit, time, state } = plan.start();
  const asked = Number(new URLSearchParams(location.search).get("at"));
  if (asked > 0) time.go(asked);
  const announce = announcer();
  listen(id, {
    state(field) {
      state(field);
      count.set(field, place, standing);
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
    h("dl", { class: "facts" }, h("div", {}, h("dt", {}, "Densest place"), densest), h("div", {}, h("dt", {}, "Ground measured"), known)));
  return {
    card,
    set(field: SiteField, place: SitePlace, standing: Map<string, CameraStanding>): void {
      const runs = standing.size === 0 || [...standing.values()].some((camera) => camera.state === "running");
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

interface Ground {
  fit: Plan;
  time: Scrubber;
  /** Take the site's present. */
  state(field: SiteField): void;
}

function planCard(place: SitePlace, marked: (at: number | null) => void) {
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

function historyCard(id: string, picked: (moment: number) => void) {
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

function crossingsCard(place: SitePlace, id: string) {
  const key = (line: Line): string => JSON.stringify([line.name, line.start, line.end]);
  // A line that several cameras have is one line.
  const lines = [...new Map(place.cameras.flatMap((camera) => camera.lines.map((line) => [key(line), line]))).values()];
  const rows = lines.map((line) => {
    const cells = Array.from({ length: 4 }, () => h("td", { class: "number" }, "–"));
    // Forward is to the left of the way from start to end; the arrow points up before it is turned.
    const degrees = (Math.atan2(line.start[1] - line.end[1], line.end[0] - line.start[0]) * 180) / Math.PI;
    const row = h("tr", {}, h("th", { scope: "row" }, arrow(degrees), line.name), ...cells);
    return { row, cells };
  });
  const said = h("p", { class: "note" }, lines.length ? "Forward is the way of the arrow, on the plan too. Counted from flow, never by following a person." : "This site has no lines.");
  const card = h("section", { class: "card crossed", "aria-labelledby": "crossings" },
    h("h2", { id: "crossings" }, "Crossings"),
    lines.length > 0 && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "crossings" },
      h("table", { class: "crossings" },
        h("thead", {},
          h("tr", {}, h("th", { scope: "col", rowspan: 2 }, "Line"), h("th", { scope: "colgroup", colspan: 2, class: "number" }, "Last minute"), h("th", { scope: "colgroup", colspan: 2, class: "number" }, "Last hour")),
          h("tr", {}, ...["Forward", "Back", "Forward", "Back"].map((words) => h("th", { scope: "col", class: "number" }, words)))),
        h("tbody", {}, ...rows.map(({ row }) => row)))),
    said);
  const poll = async (): Promise<void> => {
    if (!lines.length) return;
    try {
      const answer = await ask<Crossing[]>(`sites/${id}/crossings`);
      let lost = 0;
      lines.forEach((line, k) => {
        const found = answer.find((crossing) => key({ ...crossing, name: crossing.line }) === key(line));
        if (!found) return;
        lost = Math.max(lost, found.unhealthy);
        [found.last_forward, found.last_backward, found.forward, found.backward].forEach((value, at) => {
          const cell = rows[k]?.cells[at];
          if (cell) say(cell, people(value));
        });
      });
      if (lost > 0) say(said, `Too low: ${span(lost)} of the last hour could not be measured.`);
    } catch {
      // The line above the page already says that the server does not answer; the table is veiled.
    }
    window.setTimeout(() => void poll(), 5000);
  };
  return { card, poll };
}

function arrow(degrees: number): Node {
  return svg("svg", { class: "way", viewBox: "-10 -10 20 20", width: 18, height: 18, "aria-hidden": "true" },
    svg("path", { d: "M0 7V-7M-5 -2 0 -7 5 -2", transform: `rotate(${degrees.toFixed(1)})` }));
}

function camerasCard(place: SitePlace) {
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
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "judged" },
      h("table", {},
        h("thead", {}, h("tr", {}, ...["Camera", "Event", "State", "By its scorecard"].map((head) => h("th", { scope: "col" }, head)))), judged)));
  const card = h("section", { class: "card cameras", "aria-labelledby": "cameras" },
    h("h2", { id: "cameras" }, "Cameras"),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "cameras" },
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
      h("td", { "data-head": "Event" }, kind.replace("-", " ")),
      h("td", { "data-head": "State" }, h("span", { class: "pill", "data-grade": standing === "validated" ? "good" : "note" }, standing)),
      h("td", { "data-head": "By its scorecard" }, why))));
  };
  return {
    card,
    set(field: SiteField, standing: Map<string, CameraStanding>): void {
      judge(standing);
      for (const camera of field.cameras) fill(camera, field.t, standing.get(camera.id));
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
