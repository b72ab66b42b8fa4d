/** Calls people to open alerts: a bar at the foot of the window, the title, a voice and a sound. */

import type { Alert } from "./api";
import { h, say } from "./dom";
import { due, heardAs, TONES } from "./tones";
import { alertSays, alertTitle, calls, moment } from "./words";

const KEPT = "plainview-sound";
const HEARD = "plainview-heard";
const VOLUME = 0.25;
/** Alerts that are spoken in full when many come at once. */
const SPOKEN = 3;

/** Owns the sound, the bar and the mark in the title, of one page. */
export class Bell {
  /** Switches the sound; belongs where the alerts are listed. */
  readonly button = h("button", { type: "button", class: "quiet sound" });
  private readonly bar = h("section", { class: "call", "aria-label": "Alerts that nobody has acknowledged", hidden: true });
  private readonly voice = h("p", { class: "hidden", role: "alert" });
  private readonly title = document.title;
  private context: AudioContext | null = null;
  private on = kept(KEPT) === "on";
  private heard = new Set((session(HEARD) ?? "").split("\n"));
  private said = new Set<string>();
  private last = -Infinity;
  private alerts: Alert[] = [];
  private looked = "";

  /** `names` are the sites' names; `open` shows one alert. */
  constructor(
    private readonly names: (site: string) => string,
    private readonly open: (alert: Alert) => void,
  ) {
    // Near the start, so that the keyboard reaches it before the page.
    document.querySelector(".skip")?.after(this.bar);
    document.body.append(this.voice);
    this.button.addEventListener("click", () => this.toggle());
    // A browser lets a page sound only after somebody has touched it.
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, () => this.wake());
    if (this.on) this.wake();
    this.label();
    window.setInterval(() => this.ring(), 1000);
  }

  /** The alerts that are open now, wherever. */
  set(alerts: Alert[]): void {
    this.alerts = alerts;
    const calling = alerts.filter(calls).sort(graver);
    const alarms = calling.filter((alert) => alert.level === "alarm").length;
    const mark = calling.length === 0 ? "" : `(${calling.length}${alarms ? " ALARM" : ""}) `;
    if (document.title !== mark + this.title) document.title = mark + this.title;
    this.show(calling);
    this.speak(calling);
    this.ring();
  }

  /** The alert that is open on the page: the bar need not call to it. Empty: none. */
  looking(id: string): void {
    this.looked = id;
    this.show(this.alerts.filter(calls).sort(graver));
  }

  private show(all: Alert[]): void {
    const calling = all.filter((alert) => alert.id !== this.looked);
    const [first] = calling;
    document.body.classList.toggle("called", first !== undefined);
    this.bar.hidden = first === undefined;
    if (!first) {
      this.bar.replaceChildren();
      return;
    }
    const key = first.id + calling.length;
    if (this.bar.dataset["key"] !== key) {
      this.bar.dataset["key"] = key;
      const more = calling.length > 1 ? ` and ${calling.length - 1} more` : "";
      const look = h("button", { type: "button", class: "call-open" }, "Look at it");
      look.addEventListener("click", () => this.open(first));
      this.bar.replaceChildren(
        h("p", {}, h("strong", { class: "call-title" }), h("span", { class: "call-value" }), h("span", { class: "call-more" }, more)), look);
    }
    this.bar.dataset["level"] = first.level;
    const [title, value] = [this.bar.querySelector(".call-title"), this.bar.querySelector(".call-value")];
    if (title) say(title, `${alertTitle(first)}, ${this.names(first.site)}`);
    if (value) say(value, `${alertSays(first)}. Since ${moment(first.raised_at)}.`);
  }

  /** Tells a screen reader each call once, not its changing number. */
  private speak(calling: Alert[]): void {
    const fresh = calling.filter((alert) => !this.said.has(heardAs(alert)));
    for (const alert of fresh) this.said.add(heardAs(alert));
    if (fresh.length === 0) return;
    const told = fresh.slice(0, SPOKEN).map((alert) => `${alertTitle(alert)}, ${this.names(alert.site)}: ${alert.message}`);
    say(this.voice, told.join(" ") + (fresh.length > SPOKEN ? ` And ${fresh.length - SPOKEN} more.` : ""));
  }

  private ring(): void {
    if (!this.on || this.context?.state !== "running") return;
    const now = performance.now() / 1000;
    const level = due(this.alerts, this.heard, this.last, now);
    if (level === null) return;
    for (const alert of this.alerts.filter(calls)) this.heard.add(heardAs(alert));
    keepForSession(HEARD, [...this.heard].slice(-200).join("\n"));
    if (level === "alarm") this.last = now;
    this.sound(level);
  }

  private sound(level: Alert["level"]): void {
    const context = this.context;
    if (!context) return;
    for (const { frequency, at, length } of TONES[level]) {
      const tone = context.createOscillator();
      const loud = context.createGain();
      const start = context.currentTime + at;
      tone.frequency.value = frequency;
      tone.type = level === "alarm" ? "square" : "sine";
      const most = level === "alarm" ? VOLUME / 2 : VOLUME;
      loud.gain.setValueAtTime(0, start);
      loud.gain.linearRampToValueAtTime(most, start + 0.015);
      loud.gain.setValueAtTime(most, start + length - 0.03);
      loud.gain.linearRampToValueAtTime(0, start + length);
      tone.connect(loud).connect(context.destination);
      tone.start(start);
      tone.stop(start + length);
    }
    this.button.dataset["sounded"] = level;
  }

  private toggle(): void {
    this.on = !this.on;
    keep(KEPT, this.on ? "on" : "off");
    if (this.on) {
      this.wake();
      // So that one hears at once whether the machine's loudspeaker is on.
      void this.context?.resume().then(() => {
        this.sound("warning");
        this.label();
      });
    }
    this.label();
  }

  private wake(): void {
    if (!this.on || typeof AudioContext === "undefined") return;
    this.context ??= new AudioContext();
    if (this.context.state !== "running") void this.context.resume().then(() => this.label());
  }

  private label(): void {
    const waits = this.on && this.context?.state !== "running";
    this.button.dataset["state"] = !this.on ? "off" : waits ? "waits" : "on";
    say(this.button, !this.on ? "Switch sound on" : waits ? "Click for sound" : "Switch sound off");
  }
}

/** Alarms first, then the oldest: what has waited longest. */
export function graver(a: Alert, b: Alert): number {
  if (a.level !== b.level) return a.level === "alarm" ? -1 : 1;
  return a.raised_at - b.raised_at;
}

// A browser may be set to keep nothing: the choice then holds for this page.
function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

function session(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function keepForSession(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    return;
  }
}
