/** One alert opened: what, where, beside which threshold, what to check, who did what; and deciding. */

import { type Alert, type AlertAction, Problem, send } from "./api";
import { h, say } from "./dom";
import { here, may } from "./session";
import { alertAt, alertSays, alertState, moment, past, seenBy, sentence, span, stepWords, withUnit, zoneWords } from "./words";

const DECISIONS: readonly { action: AlertAction; words: string; from: readonly Alert["state"][] }[] = [
  { action: "acknowledge", words: "Acknowledge", from: ["raised", "escalated"] },
  { action: "escalate", words: "Escalate", from: ["raised", "acknowledged"] },
  { action: "clear", words: "Clear", from: ["raised", "acknowledged", "escalated"] },
];
/** Reasons that are one click away. */
const REASONS = ["Seen, looking at it", "Stewards are on their way", "Entry is held back", "Looked at: no danger"];
/** The same of what is wrong with the program: no steward goes there. */
const OWN_REASONS = ["Seen, looking at it", "Those who must know are told in another way"];
const MOST = 500;
/** Reasons that were begun, by alert: leaving an alert, or a failure, loses none. */
const begun = new Map<string, string>();

export interface Opened {
  id: string;
  part: HTMLElement;
  /** The id once it is cleared: it will not change any more. */
  readonly ended: string | null;
  set(alert: Alert): void;
  close(): void;
}

interface Wishes {
  /** The site's name; empty on its own page. */
  site: string;
  /** Where its plan is; null: on this page. */
  link: string | null;
  /** Take it as a decision has changed it. */
  put(alert: Alert): void;
  /** Show the plan at the moment it was raised. */
  then(alert: Alert): void;
  back(): void;
}

/** The part that shows `first`; `set` brings it up to date. */
export function opened(first: Alert, wishes: Wishes): Opened {
  let alert = first;
  const level = h("span", { class: "level" });
  const state = h("span", { class: "pill" });
  const name = h("h3", { tabindex: -1 });
  const value = h("p", { class: "alert-now" });
  const loose = h("p", { class: "error", hidden: true }, "The store takes nothing now: what has changed here is not kept yet.");
  const facts = h("dl", { class: "alert-facts" });
  const checks = h("ul", { class: "alert-checks" });
  const steps = h("ol", { class: "alert-steps" });
  const back = h("button", { type: "button", class: "linkish" }, "All alerts");
  back.addEventListener("click", wishes.back);
  const about = first.site === null ? ofProgram(first) : ofPlace(wishes, () => alert);
  const decide = decisions(first, about.reasons, (changed) => wishes.put(changed));
  const part = h("article", { class: "alert-one", "aria-label": "Alert" },
    h("p", { class: "alert-head" }, back, level, state),
    name, value, loose,
    h("section", { "aria-label": "What to check" }, h("h4", {}, "What to check"), checks),
    mayDecide() ? decide.form : h("p", { class: "note" }, "Your role may look at alerts, and not decide about them."),
    facts,
    about.way && h("p", {}, about.way),
    h("section", { "aria-label": "History" }, h("h4", {}, "Who did what"), steps));
  const set = (now: Alert): void => {
    alert = now;
    levelMark(level, now);
    state.dataset["grade"] = now.state === "cleared" ? "good" : now.state === "acknowledged" ? "note" : "bad";
    say(state, alertState(now));
    say(name, alertAt(now, wishes.site));
    say(value, about.says(now));
    loose.hidden = now.durable !== false;
    fill(facts, [["Since", `${moment(now.raised_at)}, for ${span((now.cleared_at ?? Date.now() / 1000) - now.raised_at)}`], ...about.facts(now)]);
    list(checks, now.check.length ? now.check : ["Look at the place."]);
    list(steps, now.history.map((step) => `${moment(step.at)} ${stepWords(step.state)} by ${step.who}${step.why ? `: ${step.why}` : ""}`));
    decide.set(now);
  };
  set(first);
  return {
    id: first.id,
    part,
    get ended() {
      return alert.state === "cleared" ? alert.id : null;
    },
    set,
    close: () => decide.close(),
  };
}

/** How an alert is told by what it is about. */
interface About {
  /** What leads to it; null: nothing does. */
  way: HTMLElement | null;
  says(now: Alert): string;
  /** What is known of it, after since when it is open. */
  facts(now: Alert): [string, string][];
  /** Reasons that are one click away. */
  reasons: readonly string[];
}

/** Of a place: what is measured or seen there. `shown` is the alert as it is now. */
function ofPlace(wishes: Wishes, shown: () => Alert): About {
  const words = "See the plan at that moment";
  const way = wishes.link ? h("a", { class: "button", href: wishes.link }, words) : h("button", { type: "button", class: "quiet" }, words);
  if (!wishes.link) way.addEventListener("click", () => {
    wishes.then(shown());
    document.querySelector(".stage")?.scrollIntoView({ block: "nearest" });
  });
  return {
    way,
    says: (now) => (now.quantity === null ? now.message : `${now.state === "cleared" ? "Last" : "Now"} ${alertSays(now)}.`),
    facts(now) {
      const number = now.quantity !== null;
      const worst = now.at ? `; ${number ? "worst" : "first seen"} at ${now.at[0].toFixed(0)}\u00a0m, ${now.at[1].toFixed(0)}\u00a0m` : "";
      return [...seenOrWorst(now), ["Where", zoneWords(now.zone) + worst], [number ? "Source of the threshold" : "Why it calls", now.source]];
    },
    reasons: REASONS,
  };
}

/** Of the program itself: a route that does not deliver, which has a page that says more, or footage that is kept too long. */
function ofProgram(first: Alert): About {
  if (first.route === null) return { way: null, says: (now) => now.message, facts: (now) => [["Why it calls", now.source]], reasons: OWN_REASONS };
  return { way: h("a", { class: "button", href: "/deliveries" }, "Open Deliveries"), says: (now) => sentence(alertSays(now)), facts: () => [], reasons: OWN_REASONS };
}

/** The server decides again; where nobody has signed in, it alone knows. */
function mayDecide(): boolean {
  return !here()?.role || may("decide-alert");
}

function fill(facts: HTMLElement, rows: [string, string][]): void {
  if (facts.children.length !== rows.length) facts.replaceChildren(...rows.map(() => h("div", {}, h("dt", {}), h("dd", {}))));
  rows.forEach(([word, what], k) => {
    const [dt, dd] = facts.children[k]?.children ?? [];
    if (dt) say(dt, word);
    if (dd) say(dd, what);
  });
}

function list(place: HTMLElement, lines: string[]): void {
  const key = lines.join("\n");
  if (place.dataset["key"] === key) return;
  place.dataset["key"] = key;
  place.replaceChildren(...lines.map((line) => h("li", {}, line)));
}

function decisions(first: Alert, reasons: readonly string[], changed: (alert: Alert) => void) {
  const id = first.id;
  const why = h("input", { id: "alert-why", type: "text", maxlength: MOST, autocomplete: "off", required: true });
  why.value = begun.get(id) ?? "";
  const error = h("p", { class: "error", role: "alert" });
  const done = h("p", { class: "result", role: "status" });
  const chips = reasons.map((words) => {
    const chip = h("button", { type: "button", class: "chip" }, words);
    chip.addEventListener("click", () => {
      why.value = words;
      begun.set(id, words);
      error.textContent = "";
      buttons.find((button) => !button.hidden)?.focus();
    });
    return chip;
  });
  why.addEventListener("input", () => begun.set(id, why.value));
  const buttons = DECISIONS.map(({ action, words }, k) => {
    const button = h("button", { type: k === 0 ? "submit" : "button", class: k === 0 ? "primary" : "quiet" }, words);
    if (k > 0) button.addEventListener("click", () => void decide(action));
    return button;
  });
  const still = h("p", { class: "note", hidden: true }, "It is still past its threshold. Cleared now, it calls again only after it was back in between.");
  const form = h("form", { class: "alert-decide", novalidate: true, "aria-label": "Decide" },
    h("div", { class: "field" }, h("label", { for: "alert-why" }, "What is done about it, or why not?"), why),
    h("div", { class: "chips" }, ...chips), error,
    h("div", { class: "actions" }, ...buttons), still, done);
  const decide = async (action: AlertAction): Promise<void> => {
    error.textContent = "";
    done.textContent = "";
    const reason = why.value.trim();
    if (!reason) {
      error.textContent = "Say why in a few words, or choose one of the reasons.";
      why.focus();
      return;
    }
    for (const button of buttons) button.disabled = true;
    try {
      const alert = await send<Alert>("POST", `alerts/${encodeURIComponent(id)}/${action}`, { why: reason });
      begun.delete(id);
      why.value = "";
      say(done, `${stepWords(alert.state)}. The reason is kept with the alert.`);
      changed(alert);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      error.textContent = `Not done: ${problem.message}. Your words are kept; try again.`.replace("..", ".");
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const main = DECISIONS.find((_, k) => !buttons[k]?.hidden);
    if (main) void decide(main.action);
  });
  return {
    form,
    set(alert: Alert): void {
      DECISIONS.forEach(({ from }, k) => {
        const button = buttons[k];
        if (button) button.hidden = !from.includes(alert.state);
      });
      const over = alert.state === "cleared";
      for (const part of form.children) if (part !== done) (part as HTMLElement).hidden = over;
      still.hidden = over || !past(alert);
      form.hidden = over && !done.textContent;
    },
    close(): void {
      if (why.value.trim()) begun.set(id, why.value);
    },
  };
}

/** Put a level's word and sign in `mark`: the sign tells it where colours do not. */
export function levelMark(mark: HTMLElement, alert: Alert): void {
  mark.dataset["level"] = alert.level;
  mark.classList.toggle("over", alert.state === "cleared");
  say(mark, alert.level === "alarm" ? "▲ ALARM" : "◆ Warning");
}

/** The cameras that saw it, or what its number came to; nothing of what no camera saw. */
function seenOrWorst(alert: Alert): [string, string][] {
  if (alert.quantity === null) return alert.cameras.length ? [["Seen by", seenBy(alert)]] : [];
  return [[alert.quantity === "reach" ? "Shortest so far" : "Highest so far", alert.peak === null ? "not known" : withUnit(alert.quantity, alert.peak, alert.unit ?? "")]];
}
