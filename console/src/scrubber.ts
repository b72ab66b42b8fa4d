/** Which moment the plan shows: now, or one that is kept. Says plainly when it is not now. */

import { ask, type CountPoint, type CountSeries, Problem, type SiteField } from "./api";
import { h, say } from "./dom";
import { estimate, moment, share, span, whole } from "./words";

type Resolution = "reading" | "minute" | "hour";
const REACHES: readonly { words: string; seconds: number; step: number; resolution: Resolution }[] = [
  { words: "Last hour", seconds: 3600, step: 5, resolution: "reading" },
  { words: "Last day", seconds: 86_400, step: 60, resolution: "minute" },
  { words: "Last 30 days", seconds: 30 * 86_400, step: 3600, resolution: "hour" },
];
/** Seconds by which an answer may miss the moment that was asked for. */
const NEAR = 60;
const HELP = "Drag the slider, or use its arrow keys, to see an earlier moment.";

export interface Scrubber {
  part: HTMLElement;
  /** Stands over the plan while it is not live. */
  ribbon: HTMLElement;
  /** Whether the plan shows now. */
  readonly live: boolean;
  /** Show the field at `at` (UTC seconds). */
  go(at: number): void;
  now(): void;
}

interface Wishes {
  /** Show this field; `at` is null where it is the present. Null field: back to the last live one. */
  show(field: SiteField | null, at: number | null): void;
}

/** The slider and buttons of `site`, live at first. */
export function scrubber(site: string, wishes: Wishes): Scrubber {
  const slider = h("input", { type: "range", class: "scrub-slider", min: 0, max: 1, step: 1, "aria-label": "Moment that the plan shows" });
  const live = h("button", { type: "button", class: "quiet scrub-live" }, "Live");
  const earlier = h("button", { type: "button", class: "quiet", "aria-label": "One step earlier" }, "◀");
  const later = h("button", { type: "button", class: "quiet", "aria-label": "One step later" }, "▶");
  const reaches = REACHES.map(({ words }, k) => h("button", { type: "button", "aria-pressed": k === 0 ? "true" : "false" }, words));
  const when = h("strong", { class: "scrub-when" }, "Live");
  const said = h("p", { class: "note scrub-said" }, HELP);
  const ribbon = h("p", { class: "ribbon", role: "status" });
  const part = h("div", { class: "scrub", role: "group", "aria-label": "Moment shown" },
    h("div", { class: "scrub-head" }, when, h("div", { class: "choice", role: "group", "aria-label": "How far back" }, ...reaches)),
    h("div", { class: "scrub-row" }, earlier, slider, later, live), said);
  let reach = REACHES[0]!;
  let until = Date.now() / 1000;
  let at: number | null = null;
  /** The moment that the plan really shows: an answer may be on its way, or be a refusal. */
  let shown: number | null = null;
  let asking = false;
  let missed = false;
  const last = (): number => Math.round(reach.seconds / reach.step);

  const draw = (): void => {
    const seconds = Date.now() / 1000;
    // At the slider's end stands what came last, which is the present only while the page hears of it.
    const old = document.body.classList.contains("stale");
    part.dataset["live"] = String(at === null && !old);
    slider.max = String(last());
    const steps = at === null ? last() : Math.round((at - until) / reach.step) + last();
    if (slider.value !== String(steps)) slider.value = String(steps);
    const ago = at === null ? "" : `${moment(at)}, ${span(seconds - at)} ago`;
    slider.setAttribute("aria-valuetext", at === null ? (old ? "Last known state" : "Live") : ago);
    say(when, at === null ? (old ? "Not live: the last known state" : "Live") : ago);
    say(ribbon, at === null ? "" : `${at === shown ? "Not live" : "Not shown"}: ${moment(at)}`);
    live.disabled = later.disabled = at === null;
  };
  const set = (moment: number | null): void => {
    if (moment !== null && at === null) until = Date.now() / 1000;
    at = moment === null || moment >= until - reach.step / 2 ? null : Math.max(moment, until - reach.seconds);
    draw();
    if (at === null) {
      shown = null;
      say(said, HELP);
      wishes.show(null, null);
    } else void look();
  };
  /** Ask for the field at the moment that is chosen now; while one is asked for, only the newest waits. */
  const look = async (): Promise<void> => {
    missed = asking;
    if (asking || at === null) return;
    asking = true;
    const moment = at;
    try {
      const field = await ask<SiteField>(`sites/${site}/field?at=${moment.toFixed(3)}`);
      if (Math.abs(field.t - moment) > NEAR) {
        // A server that knows nothing of `at` answers with the present.
        set(null);
        say(said, "This server does not show earlier moments. It may be older than this page.");
      } else if (at === moment) {
        wishes.show(field, moment);
        shown = moment;
        draw();
        if (field.measured === null) say(said, `${await rolledUp(moment)} The field of this moment is not kept, or no camera could be believed.`);
        else say(said, `People then: ${estimate(field)}${field.count === null || whole(field.known) ? "" : ` on ${share(field.known)} of the ground`}. Counts beside the plan are of now.`);
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(said, error.status === 404 ? "The field of this moment is not kept." : `This moment cannot be shown: ${error.message}.`);
    } finally {
      asking = false;
    }
    if (missed) void look();
  };
  /** What the roll-ups still know of a moment whose field is gone. */
  const rolledUp = async (moment: number): Promise<string> => {
    const resolution = reach.resolution === "hour" ? "hour" : "minute";
    const step = resolution === "hour" ? 3600 : 60;
    const start = Math.floor(moment / step) * step;
    const series = await ask<CountSeries>(`sites/${site}/count?resolution=${resolution}&since=${start}&until=${Math.min(start + step, Date.now() / 1000)}`);
    const point = series.points.findLast((one: CountPoint) => one[1] !== null);
    if (!point) return `Nothing was measured in this ${resolution}.`;
    return `People in this ${resolution}, on average: ${estimate({ count: point[1], low: point[2], high: point[3] })}.`;
  };
  const move = (steps: number): void => set((at ?? Date.now() / 1000) + steps * reach.step);
  slider.addEventListener("input", () => {
    if (at === null) until = Date.now() / 1000;
    const steps = Number(slider.value);
    set(steps >= last() ? null : until - (last() - steps) * reach.step);
  });
  earlier.addEventListener("click", () => move(-1));
  /** A button that is switched off drops the focus: whoever comes back to now goes on from the slider. */
  const back = (go: () => void) => (): void => {
    go();
    if (at === null) slider.focus();
  };
  later.addEventListener("click", back(() => move(1)));
  live.addEventListener("click", back(() => set(null)));
  part.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && at !== null) set(null);
  });
  const choose = (which: number): void => {
    reach = REACHES[which] ?? REACHES[0]!;
    reaches.forEach((button, k) => button.setAttribute("aria-pressed", k === which ? "true" : "false"));
    if (at !== null) set(Math.max(at, until - reach.seconds));
    else draw();
  };
  reaches.forEach((button, k) => button.addEventListener("click", () => choose(k)));
  window.setInterval(draw, 1000);
  draw();
  return {
    part,
    ribbon,
    get live() {
      return at === null;
    },
    go(moment): void {
      until = Date.now() / 1000;
      const which = REACHES.findIndex(({ seconds }) => until - moment <= seconds);
      at = moment;
      choose(which < 0 ? REACHES.length - 1 : which);
    },
    now: () => set(null),
  };
}
