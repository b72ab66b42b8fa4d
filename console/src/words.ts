/** Numbers and states in a crowd-safety officer's words. */

import names from "../../src/plainview/alerts/names.json";
import type { Alert, AlertKind, AlertState, Camera, Estimate, Flag, Interval, Quantity, SiteNow, Usual, Watch, WatchState } from "./api";

/** What each flag means, and what to do about it. */
export const FLAGS: Record<Flag, { what: string; mend: string }> = {
  blind: { what: "Cannot see: covered or sprayed", mend: "Send someone to uncover or clean it." },
  moved: { what: "Has been moved", mend: "Its positions are wrong. Turn it back, or calibrate it again." },
  blurred: { what: "Out of focus", mend: "Clean the glass or set the focus." },
  dark: { what: "Too dark to measure", mend: "Check the lights." },
  frozen: { what: "The picture stands still", mend: "Restart the camera or its encoder." },
  late: { what: "Pictures arrive late", mend: "Check the network between the camera and this machine." },
  lost: { what: "No picture gets through", mend: "Check the camera's power, network and address." },
};

/** Of a camera whose pictures come, but none of an interval in time to be measured: it is told as late and lost. */
const TOO_LATE = { what: "Pictures arrive too late to be measured", mend: "This machine, or the network to the camera, has too much to do." };

/** What to do where the camera is connected and nothing of it is measured all the same. */
const HELD_UP = "The camera is connected: this machine or the network to it has too much to do, or what arrives is damaged.";

/** What to do about a camera of which nothing is measured. */
function unheard(connected: boolean | null): string {
  return connected ? HELD_UP : FLAGS.lost.mend;
}

/** What ails one camera, in words. */
export function ailments(health: Flag[]): { what: string; mend: string }[] {
  const slow = health.includes("late") && health.includes("lost");
  const told = health.filter((flag) => !slow || (flag !== "late" && flag !== "lost")).map((flag) => FLAGS[flag]);
  return slow ? [...told, TOO_LATE] : told;
}

/** "1,234". */
export function people(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** What stands on ground of the plan that is not known; `measured`: when any of it was, null where nothing is there. */
export function unknownWords(measured: number | null): string {
  return measured === null ? "Not known at this moment" : "Not known: camera cannot be believed";
}

/** "42 (38 to 47)", or "not known". */
export function estimate(value: Estimate): string {
  if (value.count === null || value.low === null || value.high === null) return "not known";
  return `${people(value.count)} (${range(value)})`;
}

/** "38 to 47": whole people, widened outwards, so that no certainty is made up. */
export function range(value: Estimate): string {
  if (value.low === null || value.high === null) return "";
  return `${Math.floor(value.low).toLocaleString("en")} to ${Math.ceil(value.high).toLocaleString("en")}`;
}

/** "100 %". Rounds down: a part that is not known is never rounded away. */
export function share(value: number): string {
  return `${Math.floor(value * 100 + 1e-9)} %`;
}

/** Whether all of the covered ground is measured, so that a count is the site's and not a part's. */
export function whole(known: number): boolean {
  return known > 0.999;
}

/** "3 s", "4 min", "2 h" or "5 days"; "for 0 s" would say that it did not last. */
export function span(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 1) return "less than a second";
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

/** "14:03:22" in the browser's time zone; "02:30:00 CEST" in the hour that there is twice, as summer time ends. */
export function clock(seconds: number): string {
  const date = new Date(seconds * 1000);
  const twice = [-3600, -1800, 1800, 3600].some((away) => {
    const other = new Date((seconds + away) * 1000);
    return other.getHours() === date.getHours() && other.getMinutes() === date.getMinutes();
  });
  return date.toLocaleTimeString("en-GB", twice ? { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" } : {});
}

/** "Times here: UTC+05:30 (Asia/Kolkata)", of the browser's time zone, in which all of them are told; `offset` in minutes, as of JavaScript's dates. */
export function zoneOfTimes(offset = new Date().getTimezoneOffset(), name = new Intl.DateTimeFormat().resolvedOptions().timeZone): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const ahead = Math.abs(offset);
  const from = offset === 0 ? "UTC" : `UTC${offset < 0 ? "+" : "−"}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
  return `Times here: ${from}${name && name !== "UTC" ? ` (${name})` : ""}`;
}

/** "1.2 GB". */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let k = 0;
  let rest = value;
  while (rest >= 1000 && k < units.length - 1) {
    rest /= 1000;
    k += 1;
  }
  return `${rest < 10 && k > 0 ? rest.toFixed(1) : Math.round(rest)} ${units[k]}`;
}

export type Grade = "good" | "warn" | "bad";

/** What a camera's pipeline that is in the state `lens` says of itself, with its note; null where that says nothing of whether it measures. */
export function lensState(lens: string | null, note: string): { grade: Grade; what: string; mend: string } | null {
  if (lens === "restarting") return { grade: "bad", what: "Restarting", mend: note };
  if (lens === "ended") return { grade: "bad", what: "Ended", mend: note };
  if (lens === "stopped") return { grade: "bad", what: "Stopped", mend: note };
  return null;
}

/** Whether a camera can be believed, why not, and what to do. */
export function cameraState(camera: Camera, now: number): { grade: Grade; what: string; mend: string } {
  const told = lensState(camera.state, camera.note);
  if (told) return told;
  if (camera.measured === null) {
    const starting = camera.state === null || camera.state === "starting" || camera.connected === true;
    return {
      grade: starting ? "warn" : "bad",
      what: starting ? "Starting" : "Has not measured yet",
      mend: camera.note || (starting ? "" : unheard(camera.connected)),
    };
  }
  if (camera.stale) {
    return {
      grade: "bad",
      what: `No measurement for ${span(now - camera.measured)}`,
      mend: camera.note || unheard(camera.connected),
    };
  }
  if (camera.health.length > 0) {
    const ails = ailments(camera.health);
    const mend = ails.map((one) => (one === FLAGS.lost ? unheard(camera.connected) : one.mend)).join(" ");
    return {
      grade: "bad",
      what: ails.map((one) => one.what).join("; "),
      mend: camera.note ? `${camera.note} ${mend}` : mend,
    };
  }
  if (!camera.believed) return { grade: "warn", what: "Connected, no picture measured yet", mend: camera.note };
  return { grade: "good", what: "Measuring", mend: "" };
}

/** The worst that can be said of a site, in one line. */
export function siteState(site: SiteNow): { grade: Grade; what: string } {
  const down = site.cameras - site.believed;
  if (down === 0) return { grade: "good", what: site.cameras === 1 ? "Camera measuring" : "All cameras measuring" };
  const why = site.health.map((flag) => FLAGS[flag].what.toLowerCase()).join("; ") || "no fresh measurement";
  const which = site.cameras === 1 ? "The camera" : `${down} of ${site.cameras} cameras`;
  return { grade: "bad", what: `${which} cannot be believed: ${why}` };
}

/** "Sealed", "UNSEALED" or "Not known". */
export function seal(sealed: boolean | null): { grade: Grade; what: string } {
  if (sealed === null) return { grade: "warn", what: "Not known" };
  return sealed ? { grade: "good", what: "Sealed" } : { grade: "bad", what: "UNSEALED" };
}

/** The compass point that a direction in ground metres looks to, for a y axis at `bearing`. */
export function compass(vx: number, vy: number, bearing: number): string {
  const points = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];
  const degrees = (Math.atan2(vx, vy) * 180) / Math.PI + bearing;
  return points[((Math.round(degrees / 45) % 8) + 8) % 8] ?? "north";
}

/** "31 March 2026" for `2026-03-31`; empty for none. */
export function day(date: string | null): string {
  if (!date) return "";
  return new Date(`${date}T12:00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

/** Whole days from `now` (ms) until the day `2026-03-31`; 0 is today, negative is past. */
export function daysUntil(date: string, now = Date.now()): number {
  const today = new Date(now);
  today.setHours(12, 0, 0, 0);
  return Math.round((new Date(`${date}T12:00:00`).getTime() - today.getTime()) / 86_400_000);
}

/** How many digits a quantity has, and from where it crosses its threshold. */
export const QUANTITIES: Record<Quantity, { digits: number; below?: boolean }> = {
  density: { digits: 1 },
  pressure: { digits: 3 },
  oscillation: { digits: 2 },
  "stop-and-go": { digits: 2 },
  surge: { digits: 2 },
  dispersal: { digits: 2 },
  counterflow: { digits: 2 },
  shear: { digits: 2 },
  inflow: { digits: 0 },
  reach: { digits: 0, below: true },
};

const NAMES: Record<Quantity, string> = names.quantities;

/** What an event, or an alert, of each kind is called: by the same file as in what the server sends. */
export const EVENTS: Record<AlertKind, string> = names.kinds;

const STEPS: Record<AlertState, string> = {
  raised: "Not acknowledged",
  acknowledged: "Acknowledged",
  escalated: "Escalated",
  cleared: "Cleared",
};

/** "Density", or the API's own word for a quantity that is newer than this page. */
export function quantityName(quantity: string): string {
  return capital(NAMES[quantity as Quantity] ?? quantity);
}

/** "6.1", or for a time "4 min". */
export function figure(quantity: string, value: number): string {
  if (quantity === "reach") return span(value);
  const digits = { minimumFractionDigits: digitsOf(quantity), maximumFractionDigits: digitsOf(quantity) };
  return value.toLocaleString("en", { ...digits, signDisplay: "negative" }).replace("-", "−");
}

function digitsOf(quantity: string): number {
  return QUANTITIES[quantity as Quantity]?.digits ?? 2;
}

/** "6.1 people/m²"; a time says its own unit. */
export function withUnit(quantity: string, value: number, unit: string): string {
  return quantity === "reach" || !unit ? figure(quantity, value) : `${figure(quantity, value)} ${unit}`;
}

/** "6.1 people/m² (5.4 to 6.8)", "5 min (4 min or later)", or "not known". */
export function amount(of: { quantity: string | null; value: number | null; low: number | null; high: number | null; unit: string | null }): string {
  if (of.value === null || of.quantity === null) return "not known";
  const told = withUnit(of.quantity, of.value, of.unit ?? "");
  if (of.low === null) return told;
  if (of.high === null) return of.quantity === "reach" ? `${told} (${figure(of.quantity, of.low)} or later)` : told;
  return `${told} (${figure(of.quantity, of.low)} to ${figure(of.quantity, of.high)})`;
}

/** "alarm from 5.0 people/m²", or for a time "warning below 10 min". */
export function threshold(of: { quantity: string | null; level: string; threshold: number | null; unit: string | null }): string {
  if (of.quantity === null || of.threshold === null) return of.level;
  const below = QUANTITIES[of.quantity as Quantity]?.below;
  return `${of.level} ${below ? "below" : "from"} ${withUnit(of.quantity, of.threshold, of.unit ?? "")}`;
}

/** "Camera gate-1, 80 % sure", or "2 cameras, 80 % sure: gate-1, gate-2". */
export function seenBy(alert: Alert): string {
  const sure = alert.confidence === null ? "" : `, ${share(alert.confidence)} sure`;
  return alert.cameras.length === 1 ? `Camera ${alert.cameras[0]}${sure}` : `${alert.cameras.length} cameras${sure}: ${alert.cameras.join(", ")}`;
}

/** What an alert is about now, beside its threshold: "6.1 people/m² (5.4 to 6.8); alarm from 5.0 people/m²". What no camera saw says its own sentence; a broken route, whose name says the rest, why. */
export function alertSays(alert: Alert): string {
  if (alert.quantity !== null) return `${amount(alert)}; ${threshold(alert)}`;
  if (alert.cameras.length) return seenBy(alert);
  const why = alert.route !== null && alert.state !== "cleared" ? alert.history[0]?.why : undefined;
  return why ?? alert.message.replace(/\.$/, "");
}

/** What an alert was about once it is over: "highest 27 people/min; warning from 5.0 people/min". What it was about as it cleared says little. */
export function alertSaid(alert: Alert): string {
  if (alert.quantity === null) return alertSays(alert);
  if (alert.peak === null) return threshold(alert);
  const furthest = QUANTITIES[alert.quantity]?.below ? "shortest" : "highest";
  return `${furthest} ${withUnit(alert.quantity, alert.peak, alert.unit ?? "")}; ${threshold(alert)}`;
}

/** Whether an alert's value is past its threshold now; false where it is not known. */
export function past(alert: Alert): boolean {
  if (alert.value === null || alert.quantity === null || alert.threshold === null) return false;
  return QUANTITIES[alert.quantity]?.below ? alert.value <= alert.threshold : alert.value >= alert.threshold;
}

/** "Gate", or for no zone "Whole site". */
export function zoneWords(zone: string | null): string {
  return zone ?? "Whole site";
}

/** "Density, Gate", or of a route, which is of no place, "Alerts do not arrive by mail". */
export function alertName(alert: Alert): string {
  if (alert.route !== null) return `${EVENTS.route} by ${alert.route}`;
  if (alert.quantity === null) return EVENTS[alert.kind] + (alert.zone === null ? "" : `, ${alert.zone}`);
  return `${quantityName(alert.quantity)}, ${alert.zone ?? "whole site"}`;
}

/** "Density, Gate, Station plaza": what it is about, and at which `site`, where one is to be named. */
export function alertAt(alert: Alert, site: string): string {
  return alertName(alert) + (site && `, ${site}`);
}

/** `names` of the site that an alert is about; empty of no place. */
export function siteOf(alert: Alert, names: (site: string) => string): string {
  return alert.site === null ? "" : names(alert.site);
}

/** "Alarm: Density, Gate", or with its `site` besides. */
export function alertTitle(alert: Alert, site = ""): string {
  return `${alert.level === "alarm" ? "Alarm" : "Warning"}: ${alertAt(alert, site)}`;
}

/** "Not acknowledged", "Acknowledged by Kim" or "Cleared". */
export function alertState(alert: Alert): string {
  const last = alert.history.findLast((step) => step.state === alert.state);
  const who = last && alert.state !== "raised" ? ` by ${last.who}` : "";
  return (STEPS[alert.state] ?? alert.state) + who;
}

/** What a step of an alert's history did: "Raised", "Acknowledged". */
export function stepWords(state: string): string {
  return state === "raised" ? "Raised" : (STEPS[state as AlertState] ?? state);
}

/** "▲ 1 alarm, 2 warnings", "◆ 1 warning"; empty for none. */
export function countWords(alerts: Alert[]): string {
  const count = (level: string): number => alerts.filter((alert) => alert.level === level).length;
  const words = (["alarm", "warning"] as const).filter((level) => count(level) > 0).map((level) => `${count(level)} ${level}${count(level) > 1 ? "s" : ""}`);
  return words.length ? `${count("alarm") ? "▲" : "◆"} ${words.join(", ")}` : "";
}

/** How grave the gravest of `alerts` is. */
export function alertsGrade(alerts: Alert[]): Grade {
  return alerts.some((alert) => alert.level === "alarm") ? "bad" : "warn";
}

/** Whether somebody must still look at it. */
export function calls(alert: Alert): boolean {
  return alert.state === "raised" || alert.state === "escalated";
}

/** What an alert's or watch's state means, and how grave it is. */
export const WATCHES: Record<WatchState, { grade: Grade | "note"; what: string }> = {
  clear: { grade: "good", what: "Clear" },
  rising: { grade: "warn", what: "Rising" },
  raised: { grade: "bad", what: "Raised" },
  "cannot-tell": { grade: "warn", what: "Cannot tell" },
  off: { grade: "note", what: "Off" },
};

/** "12 thresholds watched: 9 clear, 1 raised, 1 cannot be told, 1 off." */
export function watchSummary(watches: Watch[]): string {
  if (watches.length === 0) return "No thresholds are set for this site.";
  const words: [WatchState, string][] = [["raised", "raised"], ["rising", "rising"], ["clear", "clear"], ["cannot-tell", "cannot be told"], ["off", "off"]];
  const parts = words.map(([state, said]) => [watches.filter((watch) => watch.state === state).length, said] as const).filter(([count]) => count > 0);
  return `${watches.length} ${watches.length === 1 ? "threshold is" : "thresholds are"} watched: ${parts.map(([count, said]) => `${count} ${said}`).join(", ")}.`;
}

/** What an empty list of alerts means: no alert is no all-clear where nothing can be told. */
export function quietWords(watches: Watch[]): { words: string; sure: boolean } {
  const of = (state: WatchState, said: string): string => {
    const count = watches.filter((watch) => watch.state === state).length;
    return count === 0 ? "" : `${count} of ${watches.length} thresholds ${count === 1 ? said.replace(/^are/, "is") : said}`;
  };
  return quiet([of("cannot-tell", "cannot be told"), of("off", "are off")].filter(Boolean).join(", and "));
}

/** The same for all sites together, of which it is known how many cameras can be believed. */
export function quietSites(sites: { cameras: number; believed: number }[]): { words: string; sure: boolean } {
  const all = sites.reduce((sum, site) => sum + site.cameras, 0);
  const blind = all - sites.reduce((sum, site) => sum + site.believed, 0);
  if (blind === 0) return quiet("");
  if (blind === all && all > 1) return quiet(`none of the ${all} cameras can be believed`);
  return quiet(`${all === 1 ? "the camera" : `${blind} of ${all} cameras`} cannot be believed`);
}

/** That there is no alert, but for what is not known. */
function quiet(but: string): { words: string; sure: boolean } {
  return but === "" ? { words: "No open alerts.", sure: true } : { words: `No open alerts, but ${but}. This does not mean that all is well.`, sure: false };
}

/** "4.2 (3.9 to 4.6)", or "not known". */
export function interval(of: Interval | null, tell: (value: number) => string): string {
  if (of === null || of.value === null) return "not known";
  return of.low === null || of.high === null ? tell(of.value) : `${tell(of.value)} (${tell(of.low)} to ${tell(of.high)})`;
}

/** "5 min (4 min to 8 min)", or "not foreseen" where at the present change it is never reached. */
export function foreseen(of: Interval | null): string {
  if (of === null || (of.value === null && of.low === null)) return "not foreseen";
  if (of.value === null) return `${span(of.low ?? 0)} at the earliest`;
  return amount({ quantity: "reach", unit: "s", ...of });
}

/** How now compares with the usual for this hour; on a part of the ground there may be more than is counted. */
export function usualWords(told: Usual, known = 1): { what: string; grade: Grade | "note" } {
  const { usual, now } = told;
  if (usual === null || now.count === null || now.low === null || now.high === null) return { what: "Cannot be compared", grade: "note" };
  if (now.low > usual.high) return { what: "More people than usual", grade: "warn" };
  if (!whole(known)) return { what: "Cannot be compared", grade: "note" };
  if (now.high < usual.low) return { what: "Fewer people than usual", grade: "note" };
  return { what: "As usual", grade: "good" };
}

/** `text` with a capital first, where that is a letter. */
export function capital(text: string): string {
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length);
}

/** `text` as a sentence: a capital first and a stop last; empty for none. */
export function sentence(text: string): string {
  // An address stays as it is written.
  const begun = /^[a-z]+:\/\//.test(text) ? text : capital(text);
  return !text || /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** What is usual in words, with what it is made of. */
export function usualSays({ usual, why }: Usual): string {
  if (usual === null) return sentence(why ?? "") || "What is usual is not known yet.";
  return `Usually about ${people(usual.median)}: on half of the ${usual.days} days measured it was between ${people(usual.low)} and ${people(usual.high)}.${why ? ` Compared with ${why}.` : ""}`;
}

/** "14:03:22", with the day in front where it is not today. */
export function moment(seconds: number, now = Date.now() / 1000): string {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date(now * 1000).toDateString();
  return today ? clock(seconds) : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "long" })}, ${clock(seconds)}`;
}
