/** On every page: the open alerts of all sites are called to by one bell, and asked for in one place. */

import { type Alert, askQuietly, type CallsNow, type Problem } from "./api";
import { Bell, type BellOptions, type Unknown } from "./bell";
import { later } from "./later";
import { poll } from "./poll";
import { atSite, here, may } from "./session";

/** Milliseconds between two questions. The answer is as short with a thousand alerts as with twenty. */
const EVERY = 3000;

let bell: Bell | null = null;

/** The bell of a page that lists the alerts itself: it says what is open, and nothing else asks. */
export function takeBell(options: BellOptions): Bell {
  bell = new Bell({ ...options, own: atSite() });
  return bell;
}

/** Ask and call for as long as the page is open, unless its own list does or who is here may not know. */
export function callAlerts(): void {
  const session = here();
  if (bell !== null || (session !== null && !may("read-now"))) return;
  const names = new Map<string, string>();
  const own = (bell = new Bell({ names: (site) => names.get(site) ?? site, href: alertHref, own: atSite() }));
  // Whoever has chosen no purpose is told so, and is not asked for one in the midst of something else.
  if (unpurposed()) own.notKnown("no purpose");
  const again = poll<CallsNow>("alerts", "alerts/calling", EVERY, (now) => {
    for (const [id, name] of Object.entries(now.names)) names.set(id, name);
    own.known();
    own.set(now);
  }, (_, problem) => own.notKnown(unknownBy(problem)), askQuietly, later);
  window.addEventListener("purpose", again);
}

/** Why an answer about alerts that is a `problem` leaves them unknown. */
export function unknownBy(problem: Problem): Unknown {
  if (problem.status === 404) return "not told";
  if (problem.status === 401 || problem.status === 403) return problem.where === "purpose" ? "no purpose" : "refused";
  return "cut off";
}

/** Where an alert is shown. */
export function alertHref(alert: Pick<Alert, "id" | "site" | "kind">): string {
  if (alert.kind === "route") return "/deliveries";
  return `${alert.site === null ? "/" : `/sites/${encodeURIComponent(alert.site)}`}?alert=${encodeURIComponent(alert.id)}`;
}

function unpurposed(): boolean {
  const session = here();
  return session !== null && session.role !== null && !session.purpose && session.purposes.length > 0;
}
