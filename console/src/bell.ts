/** Calls people to open alerts: a mark in the header, a bar at the foot of the window, the title, a voice and a sound. */

import type { Alert } from "./api";
import { h, part, say } from "./dom";
import { forgetHeard, Heard, remember, remembered } from "./heard";
import { keepInTab } from "./kept";
import { later } from "./later";
import { Sound } from "./sound";
import { due, heardAs } from "./tones";
import { Turn } from "./turn";
import { alertAt, alertSays, alertTitle, calls, clock, moment, sentence, siteOf, span } from "./words";

const SAID = "plainview-said";
/** Alerts that are spoken in full when many come at once. */
const SPOKEN = 3;
/** Milliseconds without an answer after which the bar says so; the mark says it at once. */
const CUT_OFF = 10_000;

/** The open alerts in short. */
export interface Tally {
  alarms: number;
  warnings: number;
  /** Those of them that nobody has acknowledged. */
  calling: number;
  /** The gravest of those that call: not all where there are very many. */
  gravest: Alert[];
}

/** Why it is not known what is open: no answer, a server that tells no alerts, no purpose, not for this role. */
export type Unknown = "cut off" | "not told" | "no purpose" | "refused";

export interface BellOptions {
  /** A site's name by its id. */
  names(site: string): string;
  /** Where an alert is shown; null: on this page, by `open`. */
  href(alert: Alert): string | null;
  open?(alert: Alert): void;
  /** What lists the alerts on this page. */
  list?: HTMLElement;
  /** On a site's own pages only what is wrong with the program there is told. */
  own?: boolean;
}

/** `alerts`, which are open, in short. */
export function tally(alerts: Alert[]): Tally {
  const alarms = alerts.filter((alert) => alert.level === "alarm").length;
  const gravest = alerts.filter(calls);
  return { alarms, warnings: alerts.length - alarms, calling: gravest.length, gravest };
}

/** Nobody is signed in here any more: what was heard is heard anew by who comes next. */
export function forgetCalls(): void {
  keepInTab(SAID, null);
  forgetHeard();
}

/** Owns the mark, the bar, the voice, the mark in the title and the sound, of one page. */
export class Bell {
  readonly sound = new Sound();
  private readonly mark = part("alerts-mark");
  private readonly bar = new Bar();
  private readonly voice = h("p", { class: "hidden", role: "alert" });
  private readonly hint = h("p", { class: "hidden", role: "status" });
  private readonly turn = new Turn();
  private readonly heard = new Heard();
  private readonly said = remembered(SAID);
  private titled = "";
  private now: Tally = { alarms: 0, warnings: 0, calling: 0, gravest: [] };
  private asked = false;
  private unknown: Unknown | null = null;
  /** When an answer came last; performance.now. */
  private answered = performance.now();
  private looked = "";
  private before: Element | null = null;

  constructor(private readonly options: BellOptions) {
    // Near the start, so that the keyboard reaches it before the page.
    document.querySelector(".skip")?.after(this.bar.part);
    document.body.append(this.voice, this.hint);
    this.bar.look.addEventListener("click", () => {
      const [first] = this.calling();
      if (first) options.open?.(first);
    });
    // Where a page lists the alerts, its list has the button.
    if (!options.list) this.bar.tools.prepend(this.sound.button);
    window.addEventListener("keydown", (event) => {
      if (event.key !== "F8" || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.go();
    });
    const tick = (): void => {
      later(tick, 1000);
      this.show();
      this.ring();
    };
    later(tick, 1000);
    this.show();
  }

  /** What is open now, wherever. */
  set(now: Tally): void {
    const first = !this.asked;
    this.asked = true;
    this.now = now;
    this.show();
    this.speak(first);
    this.ring();
  }

  /** An answer about all sites came. */
  known(): void {
    this.unknown = null;
    this.answered = performance.now();
    this.show();
  }

  /** It is not known any more what is open. */
  notKnown(why: Unknown): void {
    this.unknown = why;
    // What may not be seen, or is not told, is not the present any more.
    if (why !== "cut off") this.now = { alarms: 0, warnings: 0, calling: 0, gravest: [] };
    this.show();
  }

  /** The alert that is open on the page: the bar need not call to it. Empty: none. */
  looking(id: string): void {
    this.looked = id;
    this.show();
  }

  private calling(): Alert[] {
    return this.now.gravest.filter((alert) => alert.id !== this.looked).sort(graver);
  }

  private show(): void {
    const { alarms, warnings, calling } = this.now;
    const open = alarms + warnings;
    const { grade, words, more } = markWords(this.now, this.unknown, this.asked, this.options.own);
    this.mark.hidden = words === "";
    this.mark.dataset["grade"] = grade;
    if (this.mark.dataset["words"] !== words + more) {
      this.mark.dataset["words"] = words + more;
      this.mark.replaceChildren(words, h("span", { class: "hidden" }, more));
    }
    const shown = this.calling();
    // `calling` counts those that were not sent, too.
    const left = calling - (this.now.gravest.length - shown.length);
    const since = this.unknown === "cut off" && performance.now() - this.answered >= CUT_OFF ? this.answered : null;
    this.bar.set(shown, left, open, since, this.options, this.sound.waits);
    this.entitle();
  }

  /** The page's own title may be set after ours: what was put before it is taken off first. */
  private entitle(): void {
    const { calling, gravest } = this.now;
    const alarm = gravest.some((alert) => alert.level === "alarm");
    const mark = calling === 0 ? "" : `(${calling}${alarm ? " ALARM" : ""}) `;
    const own = document.title.startsWith(this.titled) ? document.title.slice(this.titled.length) : document.title;
    if (document.title !== mark + own) document.title = mark + own;
    this.titled = mark;
  }

  /** Tells a screen reader each call once in this tab, not its changing number; on a new page, how many wait. */
  private speak(first: boolean): void {
    const calling = [...this.now.gravest].sort(graver);
    const fresh = calling.filter((alert) => !this.said.has(heardAs(alert)));
    for (const alert of fresh) this.said.add(heardAs(alert));
    if (fresh.length > 0) {
      remember(SAID, this.said);
      const told = fresh.slice(0, SPOKEN).map((alert) => `${alertTitle(alert, siteOf(alert, this.options.names))}: ${alert.message}`);
      say(this.voice, told.join(" ") + (fresh.length > SPOKEN ? ` And ${fresh.length - SPOKEN} more.` : ""));
    } else if (first && this.now.calling > 0) {
      say(this.hint, `${counted(this.now.calling)} not acknowledged. F8 leads there.`);
    }
  }

  private ring(): void {
    if (!this.turn.mine(this.sound.ready)) return;
    const now = Date.now() / 1000;
    const last = this.heard.last() ?? -Infinity;
    // A clock may be set back.
    const level = due(this.now.gravest, this.heard.calls, last > now ? -Infinity : last, now);
    if (level === null) return;
    this.heard.sounds(this.now.gravest.filter(calls), level, now);
    this.sound.play(level);
  }

  /** To what calls by keyboard, and back to where one was. */
  private go(): void {
    const at = document.activeElement;
    const target = this.bar.target() ?? this.options.list ?? this.mark;
    if (at === target && this.before instanceof HTMLElement && this.before.isConnected) {
      this.before.focus();
      return;
    }
    this.before = at;
    target.focus();
  }
}

/** The bar at the foot of the window. Its elements stay: who stands in it is not thrown out by its changing words. */
class Bar {
  readonly part = h("section", { class: "call", "aria-label": "Alerts that nobody has acknowledged", hidden: true });
  readonly look = h("button", { type: "button", class: "call-open", "aria-keyshortcuts": "F8" }, "Look at it");
  readonly tools = h("div", { class: "call-tools" });
  private readonly link = h("a", { class: "call-open", "aria-keyshortcuts": "F8" }, "Look at it");
  private readonly title = h("strong", { class: "call-title" });
  private readonly value = h("span", { class: "call-value" });
  private readonly since = h("span", { class: "call-since" });
  private readonly more = h("span", { class: "call-more" });
  private readonly newest = h("span", { class: "call-newest" });
  private readonly waits = h("span", { class: "call-waits" }, "Sound waits for a click or a key.");

  constructor() {
    this.tools.append(this.link, this.look);
    this.part.append(h("p", {}, this.title, this.value, this.since, this.more, this.newest, this.waits), this.tools);
    // What the bar would lie across is moved up by as much as it is high.
    new ResizeObserver(() => {
      document.documentElement.style.setProperty("--call", `${this.part.offsetHeight}px`);
    }).observe(this.part);
  }

  /** `calling`, the gravest first, of `left` that call and `open` in all; `cut`: since when nothing is heard. */
  set(calling: Alert[], left: number, open: number, cut: number | null, options: BellOptions, waits: boolean): void {
    const [first] = calling;
    const hidden = first === undefined && cut === null;
    const within = this.part.contains(document.activeElement);
    document.body.classList.toggle("called", !hidden);
    this.part.hidden = hidden;
    const heard = cut === null ? "" : `Nothing has been heard of alerts since ${clock((Date.now() - performance.now() + cut) / 1000)}.`;
    this.part.dataset["level"] = first?.level ?? "unknown";
    this.waits.hidden = !waits || !first;
    const href = first ? options.href(first) : null;
    this.link.hidden = href === null;
    this.look.hidden = !first || href !== null;
    if (href !== null && this.link.getAttribute("href") !== href) this.link.setAttribute("href", href);
    if (first) {
      const now = Date.now() / 1000;
      const newest = calling.reduce((a, b) => (b.raised_at > a.raised_at ? b : a));
      say(this.title, alertTitle(first, siteOf(first, options.names)));
      say(this.value, sentence(alertSays(first)));
      say(this.since, `Since ${moment(first.raised_at)} (${span(now - first.raised_at)}).`);
      say(this.more, heard || (open === 1 ? "" : left === open ? `${counted(open)} call.` : `${left} of ${counted(open)} ${left === 1 ? "calls" : "call"}.`));
      say(this.newest, newest === first ? "" : `Newest: ${alertAt(newest, siteOf(newest, options.names))}, ${span(now - newest.raised_at)} ago.`);
    } else {
      say(this.title, cut === null ? "" : "Alerts are not known");
      say(this.value, "");
      say(this.since, heard);
      say(this.more, cut === null ? "" : "Plainview does not answer: have the places watched by people.");
      say(this.newest, "");
    }
    if (within && !this.part.contains(document.activeElement)) (this.target() ?? part("main")).focus();
  }

  /** What opens the first alert; null where the bar calls to none. */
  target(): HTMLElement | null {
    if (this.part.hidden) return null;
    return [this.link, this.look].find((one) => !one.hidden) ?? null;
  }
}

/** What the mark in the header says, and what a screen reader hears besides; empty: not for this role. */
export function markWords(now: Tally, unknown: Unknown | null, asked: boolean, own: boolean | undefined): { grade: string; words: string; more: string } {
  if (unknown === "refused") return { grade: "none", words: "", more: "" };
  if (unknown === "no purpose") return { grade: "warn", words: "Alerts: no purpose", more: " is chosen, so none is shown" };
  if (unknown !== null) return { grade: "bad", words: "Alerts not known", more: unknown === "cut off" ? ": Plainview does not answer" : ": this server does not tell them" };
  if (!asked) return { grade: "none", words: "Alerts…", more: " are asked for" };
  const open = now.alarms + now.warnings;
  if (own && open === 0) return { grade: "none", words: "No alerts here", more: ": what the cameras see is watched at the centre" };
  const sign = open === 0 ? "" : now.alarms > 0 ? "▲ " : "◆ ";
  const grade = now.calling === 0 ? (open === 0 ? "none" : "note") : now.gravest.some((alert) => alert.level === "alarm") ? "bad" : "warn";
  return { grade, words: sign + counted(open), more: ` open, ${now.calling.toLocaleString("en")} not acknowledged` };
}

/** "1 alert", "1,234 alerts". */
function counted(count: number): string {
  return count === 1 ? "1 alert" : `${count.toLocaleString("en")} alerts`;
}

/** Alarms first, then the oldest: what has waited longest. */
export function graver(a: Alert, b: Alert): number {
  if (a.level !== b.level) return a.level === "alarm" ? -1 : 1;
  return a.raised_at - b.raised_at;
}
