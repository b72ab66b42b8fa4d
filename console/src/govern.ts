/** What is permitted, stopped and running, in words, and kept current. */

import { ask, type CameraStanding, Problem, type Standing } from "./api";
import { h } from "./dom";
import { capital, type Grade, sentence } from "./words";

export const ROLES: Record<string, string> = {
  operator: "Operator",
  supervisor: "Supervisor",
  "privacy-officer": "Privacy officer",
  commissioner: "Commissioner",
  administrator: "Administrator",
  controller: "Controller",
};

/** "Privacy officer". */
export function roleWords(role: string): string {
  return ROLES[role] ?? role;
}

interface Told {
  grade: Grade;
  what: string;
  /** The same of several cameras, where it differs. */
  many?: string;
  /** What to do next. */
  next: string;
  /** Where to do it. */
  href?: string;
  link?: string;
}

const STATES: Record<string, Told> = {
  stopped: {
    grade: "bad",
    what: "Stopped by the stop switch",
    next: "Two people must agree before it starts again.",
    href: "/stop",
    link: "Open the stop switch",
  },
  suspended: {
    grade: "bad",
    what: "Suspended",
    next: "Put it back as it was assessed, or revise its assessment and have that approved and published.",
    href: "/assessments",
    link: "Open the assessments",
  },
  waiting: {
    grade: "warn",
    what: "Waits for a permit",
    many: "Wait for a permit",
    next: "An assessment that covers it must be approved by two people and published.",
    href: "/assessments",
    link: "Open the assessments",
  },
  "outside-hours": {
    grade: "warn",
    what: "Outside its permitted hours",
    many: "Outside their permitted hours",
    next: "It starts by itself when they begin.",
    href: "/assessments",
    link: "Open the assessments",
  },
};
const ORDER = ["stopped", "suspended", "waiting", "outside-hours"];

/** Whether nothing keeps it from running, as far as it is known here: another machine's is not. */
export function mayRun(camera: CameraStanding): boolean {
  return camera.state === "running" || isElsewhere(camera);
}

/** Whether it runs at its site, by that site's own permits and stop switch, and this is the centre. */
export function isElsewhere(camera: CameraStanding): boolean {
  return camera.state === "elsewhere";
}

/** Why a camera does not run and what to do next; null where it may run. */
export function standingWords(camera: CameraStanding | undefined): Told | null {
  if (!camera || mayRun(camera)) return null;
  return STATES[camera.state] ?? { grade: "bad", what: `Does not run (${camera.state})`, next: "" };
}

/** What is told of `count` cameras that are all in that state. */
export function toldOf(told: Told | null, count: number): string {
  return (count > 1 ? told?.many : undefined) ?? told?.what ?? "";
}

/** "The camera", "both cameras" or "all 5 cameras". */
export function allCameras(count: number): string {
  return count === 1 ? "the camera" : count === 2 ? "both cameras" : `all ${cameras(count)}`;
}

/** A camera's name, or its id. */
export function cameraName(camera: CameraStanding): string {
  return camera.name || camera.camera;
}

/** "Station plaza", "camera Plaza north", "“counting people” at every camera" or "the whole city". */
export function scopeWords(scope: string, standing: Standing): string {
  const [kind, id] = cut(scope);
  if (kind === "site") return standing.cameras.find((camera) => camera.site === id)?.site_name || `site ${id}`;
  if (kind === "camera") {
    const found = standing.cameras.find((camera) => camera.camera === id);
    return `camera ${found ? cameraName(found) : id}`;
  }
  if (kind === "capability") return `“${capabilityWords(id)}” at every camera`;
  return "the whole city";
}

/** `kind:id` in two; an id may hold a colon. */
export function cut(scope: string): [kind: string, id: string] {
  const at = scope.indexOf(":");
  return at < 0 ? [scope, ""] : [scope.slice(0, at), scope.slice(at + 1)];
}

const CAPABILITIES: Record<string, string> = {
  count: "counting people",
  flow: "measuring flow",
  view: "showing the redacted view",
  record: "sealed recording",
  release: "releasing footage",
  publish: "publishing statistics",
};

/** "counting people", or for an event "telling of fire". */
export function capabilityWords(name: string): string {
  const [kind, event] = cut(name);
  return kind === "events" && event ? `telling of ${event.replaceAll("-", " ")}` : (CAPABILITIES[name] ?? name);
}

/** Whether a camera that a stop switch of `scope` stops goes on with the rest of what it does: not without what all measuring stands on. */
export function goesOn(scope: string): boolean {
  const [kind, id] = cut(scope);
  return kind === "capability" && id !== "count" && id !== "flow";
}

/** The cameras that a stop switch of `scope` stops. */
export function stoppedBy(scope: string, standing: Standing): CameraStanding[] {
  const [kind, id] = cut(scope);
  return standing.cameras.filter((camera) =>
    kind === "city" || (kind === "site" && camera.site === id) || (kind === "camera" && camera.camera === id) || (kind === "capability" && camera.capabilities.includes(id)),
  );
}

/** "3 cameras". */
export function cameras(count: number): string {
  return count === 1 ? "1 camera" : `${count.toLocaleString("en")} cameras`;
}

/** Lines that say which of `shown` do not run, why, and what to do next; empty where all may run. */
export function standingLines(shown: CameraStanding[]): HTMLElement[] {
  const groups = new Map<string, CameraStanding[]>();
  for (const camera of shown) {
    if (mayRun(camera)) continue;
    const key = `${camera.state}\n${camera.why}`;
    groups.set(key, [...(groups.get(key) ?? []), camera]);
  }
  const place = (camera: CameraStanding | undefined): number => (ORDER.indexOf(camera?.state ?? "") + ORDER.length + 1) % (ORDER.length + 1);
  return [...groups.values()]
    .sort((a, b) => place(a[0]) - place(b[0]))
    .map((group) => {
      const first = group[0];
      const told = standingWords(first);
      const names = group.length === shown.length && group.length > 1 ? capital(allCameras(group.length)) : group.slice(0, 6).map(cameraName).join(", ") + (group.length > 6 ? ` and ${group.length - 6} more` : "");
      return h("li", {},
        h("span", { class: "pill", "data-grade": told?.grade ?? "bad" }, toldOf(told, group.length)),
        h("span", { class: "strip-text" }, h("strong", {}, names), group.length > 1 ? ". Each of them: " : ": ", sentenceThen(first?.why ?? ""), told?.next ?? "", told?.href ? " " : "",
          told?.href ? h("a", { href: told.href }, told.link ?? "") : null));
    });
}

/** `text` as a sentence with a blank after it; empty for none. */
export function sentenceThen(text: string): string {
  return text && `${sentence(text)} `;
}

/** A strip that says what does not run; it is hidden while all may. */
export function standingStrip(): { strip: HTMLElement; set(shown: CameraStanding[]): void } {
  const list = h("ul", {});
  const strip = h("section", { class: "strip", "aria-label": "What does not run", hidden: true }, list,
    h("p", { class: "note" }, "What does not run is not known. That is not the same as “no people”."));
  let before = "";
  return {
    strip,
    set(shown): void {
      const key = JSON.stringify(shown.map((camera) => [camera.camera, camera.state, camera.why]));
      if (key === before) return;
      before = key;
      const lines = standingLines(shown);
      list.replaceChildren(...lines);
      strip.hidden = lines.length === 0;
      strip.dataset["grade"] = shown.some((camera) => standingWords(camera)?.grade === "bad") ? "bad" : "warn";
    },
  };
}

/** Ask for the standing every `every` ms for as long as the page is open and it may be read; `lost` where it cannot be had. */
export function watch(listener: (standing: Standing) => void, every = 2000, lost: () => void = () => undefined): void {
  const look = async (): Promise<void> => {
    try {
      listener(await ask<Standing>("desk/standing"));
    } catch (error) {
      // No desk here, or none that may be seen: there is nothing to wait for.
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) return;
      lost();
    }
    window.setTimeout(() => void look(), every);
  };
  void look();
}
