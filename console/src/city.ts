/** The whole city: how many people, where it is densest, what is amiss and how much room is left. */

import { type AlertState, ask, type CityNow, type Crowd, type Fault } from "./api";
import { capacityRows } from "./capacity";
import { alertHref } from "./calls";
import { Chart } from "./chart";
import { demonstration, h, refill, say } from "./dom";
import { foot } from "./home";
import { follow } from "./poll";
import { FLAGS, lensState, people, quietSites, range, share, span, whole } from "./words";

const EVERY = 2000;
const FAULTS: Record<Fault, string> = {
  ...(Object.fromEntries(Object.entries(FLAGS).map(([flag, { what }]) => [flag, what])) as Record<keyof typeof FLAGS, string>),
  blank: "Sends, but no picture is measured",
  silent: "No measurement comes of it",
};
const ALERT_STATES: Record<AlertState, string> = { raised: "not acknowledged", acknowledged: "acknowledged", escalated: "escalated", cleared: "cleared" };
const ROWS = 50;

/** Fill `main`, and keep it current. Throws Problem when the first answer fails. */
export async function show(main: HTMLElement): Promise<void> {
  const first = await ask<CityNow>("city");
  document.title = `${first.name} – Plainview`;
  const cards = { people: peopleCard(), history: historyCard(), districts: districtsCard(), hottest: hottestCard(), unhealthy: unhealthyCard(), alerts: alertsCard(), capacity: capacityCard() };
  main.replaceChildren(
    h("h1", { class: "title" }, first.name),
    h("div", { class: "city" },
      h("div", { class: "city-column" }, cards.people.card, cards.districts.card, cards.history.card, cards.capacity.card),
      h("div", { class: "city-column" }, cards.alerts.card, cards.hottest.card, cards.unhealthy.card)),
  );
  if (first.simulated) {
    demonstration("These people do not exist.");
  }
  follow<CityNow>("city", first, EVERY, (now) => {
    for (const card of Object.values(cards)) card.set(now);
  });
  void foot();
}

interface Card {
  card: HTMLElement;
  set(now: CityNow): void;
}

/** A card under `title`; `body` is filled by who makes it. */
function section(id: string, title: string, ...body: (HTMLElement | null)[]): HTMLElement {
  return h("section", { class: `card city-${id}`, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...body);
}

/** "on 93 % of the ground, 58 of 60 cameras": never left out where a number of people stands. */
function about(crowd: Crowd): string {
  const cameras = `${crowd.believed.toLocaleString("en")} of ${crowd.cameras.toLocaleString("en")} ${crowd.cameras === 1 ? "camera" : "cameras"} can be believed`;
  return whole(crowd.known) ? `On all of the ground that cameras see; ${cameras}.` : `On ${share(crowd.known)} of the ground that cameras see; ${cameras}. Nobody is counted on the rest.`;
}

/** Whether there are districts to tell apart: of one alone the card of the whole says the same. */
function several(now: CityNow): boolean {
  return now.districts.length + now.districts_left_out > 1;
}

function peopleCard(): Card {
  const figure = h("strong", { class: "figure big" });
  const ends = h("span", { class: "big-range" });
  const where = h("p", {});
  const part_ = h("p", { class: "note", hidden: true }, "Your purpose covers a part of the sites: this is about those alone.");
  const bounds = h("p", { class: "note" });
  return {
    card: section("people", "People now", h("p", { class: "figures" }, figure, ends), where, part_, bounds),
    set(now): void {
      const { crowd } = now;
      figure.classList.toggle("unknown", crowd.count === null);
      say(figure, crowd.count === null ? "Not known" : people(crowd.count));
      say(ends, crowd.count === null ? "" : `${range(crowd)}, at 90 %`);
      say(where, about(crowd));
      part_.hidden = !now.part;
      const { low_independent: li, high_independent: hi, low_together: lt, high_together: ht } = now.bounds;
      // Where one site alone is known there is nothing to add up.
      say(bounds, now.hottest.length < 2 || li === null || hi === null || lt === null || ht === null ? "" :
        `Sites err partly together (correlation ${now.bounds.correlation}, a judgement). If they erred independently: ${range({ count: 0, low: li, high: hi })}; all in one direction: ${range({ count: 0, low: lt, high: ht })}.`);
    },
  };
}

function districtsCard(): Card {
  const body = h("tbody");
  const more = h("p", { class: "note", hidden: true });
  const head = ["District", "People", "Ground known", "Cameras believed", "Alerts"].map((words, k) => h("th", { scope: "col", class: k ? "number" : "" }, words));
  const table = h("table", {}, h("caption", { class: "hidden" }, "Districts, the fullest first"), h("thead", {}, h("tr", {}, ...head)), body);
  const card = section("districts", "Districts", h("div", { class: "scroll stacked", tabindex: 0, role: "group", "aria-label": "Districts" }, table), more);
  return {
    card,
    set(now): void {
      card.hidden = !several(now);
      refill(body, ...now.districts.slice(0, ROWS).map(({ name, sites, crowd, alerts }) =>
        h("tr", {},
          h("th", { scope: "row" }, name, h("small", { class: "mend" }, `${sites.toLocaleString("en")} ${sites === 1 ? "site" : "sites"}`)),
          h("td", { class: "number", "data-head": "People" }, h("span", {}, crowd.count === null ? h("span", { class: "pill", "data-grade": "bad" }, "Not known") : h("strong", {}, people(crowd.count)), crowd.count !== null && ` (${range(crowd)})`)),
          h("td", { class: "number", "data-head": "Ground known" }, graded(share(crowd.known), whole(crowd.known))),
          h("td", { class: "number", "data-head": "Cameras believed" }, graded(`${crowd.believed} of ${crowd.cameras}`, crowd.believed === crowd.cameras)),
          h("td", { class: "number", "data-head": "Alerts" }, alertWords(alerts.alarms, alerts.warnings)))));
      const left = now.districts_left_out + Math.max(now.districts.length - ROWS, 0);
      more.hidden = left === 0;
      say(more, `${left.toLocaleString("en")} more districts have fewer people, or are not known.`);
    },
  };
}

function historyCard(): Card {
  const place = h("div", { class: "city-chart", "aria-hidden": "true" });
  const said = h("p", { class: "note" });
  const card = section("history", "The last hours", place, said);
  let chart: Chart | null = null;
  return {
    card,
    set(now): void {
      const points = now.minutes;
      const first = points[0]?.[0];
      card.hidden = first === undefined || points.length < 2;
      if (card.hidden || first === undefined) return;
      chart ??= new Chart(place);
      chart.set(points, first, now.t);
      const all = points.every((point) => whole(point[4]));
      say(said, `Means of minutes with their interval at 90 %, since the start of the program; three hours at most.${all ? "" : " Dotted: on a part of the ground."}`);
    },
  };
}

function graded(words: string, good: boolean): HTMLElement {
  return good ? h("span", {}, words) : h("span", { class: "pill", "data-grade": "warn" }, words);
}

function alertWords(alarms: number, warnings: number): HTMLElement {
  if (alarms) return h("span", { class: "pill", "data-grade": "bad" }, `${alarms} ${alarms === 1 ? "alarm" : "alarms"}${warnings ? `, ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""}`);
  if (warnings) return h("span", { class: "pill", "data-grade": "warn" }, `${warnings} ${warnings === 1 ? "warning" : "warnings"}`);
  return h("span", { class: "soft" }, "none");
}

function hottestCard(): Card {
  const list = h("ol", { class: "city-list", id: "hottest" });
  const none = h("p", { class: "note", hidden: true }, "No camera can be believed, so nothing is known of any site.");
  return {
    card: section("hottest", "Densest sites", list, none),
    set(now): void {
      none.hidden = now.hottest.length > 0;
      refill(list, ...now.hottest.map((site) => h("li", {},
        h("a", { href: `/sites/${site.id}` }, site.name),
        several(now) && h("span", { class: "soft" }, ` ${site.district}`),
        h("span", { class: "city-value" }, `${site.density.toFixed(2)} people/m², ${people(site.count)} people (${range(site)})`, whole(site.known) ? "" : ` on ${share(site.known)} of its ground`))));
    },
  };
}

function unhealthyCard(): Card {
  const counts = h("ul", { class: "city-faults" });
  const list = h("ol", { class: "city-list", id: "unhealthy" });
  const said = h("p", { class: "note" });
  return {
    card: section("unhealthy", "Cameras that cannot be believed", counts, list, said),
    set(now): void {
      const down = now.crowd.cameras - now.crowd.believed;
      refill(counts, ...(Object.entries(now.faults) as [Fault, number][]).map(([fault, n]) => h("li", { class: "pill", "data-grade": "bad" }, `${FAULTS[fault]}: ${n.toLocaleString("en")}`)));
      refill(list, ...now.unhealthy.map((camera) => h("li", {},
        h("a", { href: `/sites/${camera.site}` }, camera.id),
        h("span", { class: "soft" }, ` ${camera.site_name}${several(now) ? `, ${camera.district}` : ""}`),
        h("span", { class: "city-value" }, `${lensState(camera.state, "")?.what ?? camera.faults.map((fault) => FAULTS[fault]).join("; ")}, ${camera.since === null ? "since the start" : `for ${span(now.t - camera.since)}`}`))));
      say(said, down === 0 ? "All can be believed." : down > now.unhealthy.length ? `The ${now.unhealthy.length} that could not be for longest, of ${down.toLocaleString("en")}.` : "");
    },
  };
}

function alertsCard(): Card {
  const count = h("p", {});
  const list = h("ol", { class: "city-list" });
  const rest = h("p", { class: "note" });
  return {
    card: section("alerts", "Open alerts", count, list, rest),
    set(now): void {
      const none = now.alerts.alarms + now.alerts.warnings === 0;
      const quiet = quietSites([now.crowd]);
      count.classList.toggle("unsure", none && !quiet.sure);
      count.replaceChildren(none ? quiet.words : alertWords(now.alerts.alarms, now.alerts.warnings));
      refill(list, ...now.gravest_alerts.map((alert) => h("li", {},
        h("a", { href: alertHref(alert) }, alert.site === null ? (alert.kind === "route" ? "Deliveries" : "All sites") : alert.site_name),
        h("span", { class: "soft" }, ` ${alert.zone ?? ""}`),
        h("span", { class: "city-value" }, alert.message),
        h("span", { class: "soft" }, `Raised ${span(now.t - alert.raised_at)} ago; ${ALERT_STATES[alert.state]}`))));
      const more = now.alerts.alarms + now.alerts.warnings - now.gravest_alerts.length;
      rest.hidden = more <= 0;
      refill(rest, h("span", {}, `${more.toLocaleString("en")} more; those that nobody has acknowledged stand first. `), h("a", { href: "/" }, "All sites"));
    },
  };
}

function capacityCard(): Card {
  const facts = h("dl", { class: "facts" });
  return {
    card: section("capacity", "Capacity", facts),
    set(now): void {
      refill(facts, ...capacityRows(now).map(([name, words, fault]) => h("div", {}, h("dt", {}, name), h("dd", { "data-grade": fault === null ? null : "bad" }, words, fault ? h("small", { class: "fault" }, fault) : null))));
    },
  };
}
