/** One camera's redacted view, live: drawn inside its lens, never filmed. And the plate it is drawn over. */

import "./view.css";
import { ask, type Camera, type EventKind, type Flag, Problem, type Estimate } from "./api";
import { demonstration, h, part, say } from "./dom";
import { foot } from "./home";
import { masksCard } from "./masks";
import { poll } from "./poll";
import { may } from "./session";
import { ailments, clock, EVENTS, estimate, span } from "./words";

interface View extends Estimate {
  camera: string;
  site: string;
  name: string;
  simulated: boolean;
  state: "shown" | "no-permit" | "not-running" | "no-plate" | "unfit" | "unhealthy" | "starting" | "stale";
  why: string;
  t: number | null;
  marks: EventKind[];
  health: Flag[];
  /** JPEG, in base64; grey where nothing may be shown. */
  picture: string | null;
}

/** Seconds between two announcements to a screen reader while nothing is wrong. */
const ANNOUNCE = 30;
const QUIET = 6000;
const RETRY = 1500;
/** Milliseconds between two questions for how the camera itself is doing. */
const EVERY = 5000;
const DRAWN = "Drawn, not filmed: an approved picture of the empty scene, in the present light, with what was measured drawn over it. Nobody can be seen here; an empty view does not prove an empty place.";
/** As the lens writes them on the frame of a mark. */
const LETTERS: readonly [letter: string, kind: EventKind][] = [
  ["O", "left-object"], ["P", "person-down"], ["F", "fire"], ["W", "wrong-way"],
  ["Z", "zone-intrusion"], ["D", "density"], ["M", "crowd-movement"], ["X", "weapon"],
];
const LEVELS: readonly [colour: string, words: string][] = [
  ["#3cd0b2", "under 0.5"],
  ["#fac83c", "0.5 to 1"],
  ["#f58228", "1 to 2"],
  ["#dc3c30", "2 to 4"],
  ["#a01e8c", "4 and more"],
];

/** Fill `main` with the page of `camera` and keep it current. Throws Problem where there is none. */
export async function show(main: HTMLElement, camera: string): Promise<void> {
  let first: View;
  try {
    first = await ask<View>(`cameras/${camera}/view`);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) throw new Problem(404, `There is no view of a camera named “${camera}”.`);
    throw error;
  }
  document.title = `${first.name} – Plainview`;
  if (first.simulated) demonstration("This camera is simulated: its people do not exist.");
  const view = viewCard();
  const facts = factsCard(first.site);
  const plates = may("admit-plate") ? await masksCard(camera) : null;
  main.replaceChildren(
    h("div", { class: "title-row" }, h("h1", {}, first.name),
      may("stop") && h("a", { class: "stop-button", href: `/stop?scope=camera:${camera}` }, "Stop this camera")),
    h("div", { class: "site" },
      h("div", { class: "side" }, view.card),
      h("div", { class: "side" }, facts.card, legendCard()),
      plates));
  const announce = announcer();
  const set = (now: View): void => {
    view.set(now);
    facts.set(now);
    announce(now);
  };
  set(first);
  listen(camera, set, view.cut);
  poll<Camera>("this camera", `cameras/${camera}`, EVERY, (told) => facts.about(told), () => facts.about(null));
  void foot();
}

/** Tells every view; `cut` where none comes any more. */
function listen(camera: string, tell: (view: View) => void, cut: (since: number) => void): void {
  let source: EventSource | null = null;
  let heard = performance.now();
  const open = (): void => {
    source?.close();
    source = new EventSource(`/api/v1/cameras/${camera}/view/live`);
    source.addEventListener("view", (event) => {
      heard = performance.now();
      link("live");
      tell(JSON.parse((event as MessageEvent<string>).data) as View);
    });
    source.addEventListener("error", () => {
      link("dropped");
      if (source?.readyState === EventSource.CLOSED) window.setTimeout(open, RETRY);
    });
  };
  window.setInterval(() => {
    const quiet = performance.now() - heard;
    if (quiet < QUIET) return;
    // An old picture must never pass for the present.
    link("dropped");
    cut(quiet / 1000);
  }, 1000);
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  open();
}

function link(state: "live" | "dropped"): void {
  part("link").dataset["state"] = state;
  say(part("link-text"), state === "live" ? "Live" : "No connection. Trying again");
}

/** Whether activity is drawn over plain ground, for want of a picture of the place. */
function bare(view: View): boolean {
  return view.picture !== null && (view.state === "no-plate" || view.state === "unfit");
}

function viewCard() {
  const picture = h("img", { class: "view-picture", alt: "", hidden: true });
  const absent = h("p", { class: "view-absent" }, "Waiting for the first picture");
  const caption = h("figcaption", {}, DRAWN);
  const card = h("section", { class: "card view-card", "aria-labelledby": "view" },
    h("h2", { id: "view" }, "Redacted view"),
    h("figure", {}, h("div", { class: "view-stage" }, picture, absent), caption));
  const gone = (why: string): void => {
    say(absent, why);
    absent.hidden = false;
    card.dataset["state"] = "absent";
  };
  return {
    card,
    set(view: View): void {
      if (view.picture) {
        picture.src = `data:image/jpeg;base64,${view.picture}`;
        picture.alt = view.state === "shown" ? `Plan-like picture of the scene. ${said(view)}`
          : bare(view) ? `Blocks of ground without a picture of the place. ${said(view)}` : "A grey picture: nothing is shown.";
      }
      picture.hidden = view.picture === null;
      if (view.state !== "shown" && !bare(view)) gone(why(view));
      else {
        absent.hidden = true;
        card.dataset["state"] = "shown";
      }
      say(caption, bare(view) ? `${view.why}. Nobody can be seen here; ground without colour does not prove an empty place.` : DRAWN);
    },
    cut(seconds: number): void {
      picture.hidden = true;
      gone(`No view: nothing has come for ${span(seconds)}. This does not mean that the place is empty.`);
    },
  };
}

function factsCard(site: string) {
  const now = h("dd", {});
  const marks = h("dd", {});
  const time = h("dd", {});
  const seal = h("dd", {}, "Not known");
  const card = h("section", { class: "card", "aria-labelledby": "facts" },
    h("h2", { id: "facts" }, "What it says in numbers"),
    h("dl", { class: "facts view-facts" },
      h("div", {}, h("dt", {}, "People"), now),
      h("div", {}, h("dt", {}, "Events that are marked"), marks),
      h("div", {}, h("dt", {}, "Measured"), time),
      h("div", {}, h("dt", {}, "Sealed"), seal)),
    h("p", { class: "note" }, h("a", { href: `/sites/${site}` }, "All of the site, from above")));
  let shown: View | null = null;
  let camera: Camera | null = null;
  /** Where no view is drawn, the camera may measure all the same: then its newest count is told. */
  const fill = (): void => {
    if (shown === null) return;
    const drawn = shown.state === "shown" || bare(shown);
    const told = shown.count !== null ? { ...shown, at: shown.t } : camera?.believed ? { ...camera, at: camera.measured } : null;
    say(now, told === null ? "Not known" : estimate(told));
    say(marks, drawn ? marked(shown) || "None" : "Nothing is drawn");
    const at = told?.at ?? shown.t;
    say(time, at === null ? "Not known" : clock(at));
    say(seal, camera === null || camera.sealed === null ? "Not known" : camera.sealed ? "Yes: only these pictures and numbers leave its lens" : "No: this machine's kernel cannot seal it");
  };
  return {
    card,
    set(view: View): void {
      shown = view;
      fill();
    },
    /** What the camera says of itself; null: not known. */
    about(told: Camera | null): void {
      camera = told;
      fill();
    },
  };
}

function legendCard(): HTMLElement {
  return h("section", { class: "card", "aria-labelledby": "legend" },
    h("h2", { id: "legend" }, "How to read it"),
    h("ul", { class: "view-legend", "aria-label": "Colours of blocks, people per m²" },
      ...LEVELS.map(([colour, words]) => h("li", {}, swatch(colour), h("span", {}, words))), h("li", {}, h("small", {}, "people/m²"))),
    h("ul", { class: "view-notes" },
      h("li", {}, "A block is ground, half a metre wide at least and never finer than a third of a person in the picture. Someone in it colours all of it."),
      h("li", {}, "A darker wedge points where those in a block go on the whole; longer is faster (from 0.3, 0.8 and 1.6 m/s)."),
      h("li", {}, `A frame with a letter is an event: ${LETTERS.map(([letter, kind]) => `${letter}: ${EVENTS[kind]}`).join("; ")}.`),
      h("li", {}, "Flat grey is not known or not shown: masked by hand, or the camera did not see the same there for a day.")));
}

function swatch(colour: string): HTMLElement {
  const square = h("span", { class: "swatch", "aria-hidden": "true" });
  square.style.background = colour;
  return square;
}

function marked(view: View): string {
  const counts = new Map<EventKind, number>();
  for (const kind of view.marks) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => (count > 1 ? `${EVENTS[kind]} (${count})` : EVENTS[kind])).join(", ");
}

function said(view: View): string {
  const events = marked(view);
  return `People now: ${view.count === null ? "not known" : estimate(view)}.${events ? ` Marked: ${events}.` : ""}`;
}

/** Why there is no view, with what ails the camera in words. */
function why(view: View): string {
  if (view.state !== "unhealthy") return view.why;
  const ails = ailments(view.health).map((one) => one.what.toLowerCase()).join("; ");
  return `No view: the camera cannot be believed now (${ails}). This does not mean that it is empty.`;
}

function announcer(): (view: View) => void {
  let last = 0;
  let before = "";
  return (view) => {
    const now = performance.now() / 1000;
    const key = view.state + view.why + view.marks.join();
    if (key === before && now - last < ANNOUNCE) return;
    last = now;
    before = key;
    part("announce").textContent = view.state === "shown" ? said(view) : bare(view) ? `${view.why}. ${said(view)}` : why(view);
  };
}
