/** Numbers and states in a crowd-safety officer's words. */

import type { Camera, Estimate, Flag, SiteNow } from "./api";

/** What each flag means, and what to do about it. */
export const FLAGS: Record<Flag, { what: string; mend: string }> = {
  blind: { what: "Cannot see: covered or sprayed", mend: "Send someone to uncover or clean it." },
  moved: { what: "Has been moved", mend: "Its positions are wrong. Turn it back, or calibrate it again." },
  blurred: { what: "Out of focus", mend: "Clean the glass or set the focus." },
  dark: { what: "Too dark to measure", mend: "Check the lights." },
  frozen: { what: "The picture stands still", mend: "Restart the camera or its encoder." },
  late: { what: "Pictures arrive late", mend: "Check the network between the camera and this machine." },
  lost: { what: "No picture arrives", mend: "Check the camera's power, network and address." },
};

/** "1,234". */
export function people(value: number): string {
  return Math.round(value).toLocaleString("en");
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

/** "3 s", "4 min", "2 h" or "5 days". */
export function span(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

/** "14:03:22" in the browser's time zone. */
export function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
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

/** Whether a camera can be believed, why not, and what to do. */
export function cameraState(camera: Camera, now: number): { grade: Grade; what: string; mend: string } {
  if (camera.state === "restarting") return { grade: "bad", what: "Restarting", mend: camera.note };
  if (camera.state === "ended" || camera.state === "stopped") {
    return { grade: "bad", what: camera.state === "ended" ? "Ended" : "Stopped", mend: camera.note };
  }
  if (camera.measured === null) {
    const starting = camera.state === null || camera.state === "starting" || camera.connected === true;
    return {
      grade: starting ? "warn" : "bad",
      what: starting ? "Starting" : "Has not measured yet",
      mend: camera.note || (starting ? "" : FLAGS.lost.mend),
    };
  }
  if (camera.stale) {
    return {
      grade: "bad",
      what: `No measurement for ${span(now - camera.measured)}`,
      mend: camera.note || FLAGS.lost.mend,
    };
  }
  if (camera.health.length > 0) {
    const mend = camera.health.map((flag) => FLAGS[flag].mend).join(" ");
    return {
      grade: "bad",
      what: camera.health.map((flag) => FLAGS[flag].what).join("; "),
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
