/** The alerts' sound: off until a person switches it on in this browser, which remembers it. */

import type { AlertLevel } from "./api";
import { h, say } from "./dom";
import { keep, kept } from "./kept";
import { TONES } from "./tones";

const KEPT = "plainview-sound";
const VOLUME = 0.25;

/** Owns the loudspeaker of one page, and the button that switches it. */
export class Sound {
  readonly button = h("button", { type: "button", class: "quiet sound" });
  private context: AudioContext | null = null;
  private on = kept(KEPT) === "on";

  constructor() {
    this.button.addEventListener("click", () => this.toggle());
    // A browser lets a page sound only after somebody has touched it.
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, () => this.wake());
    // Switched in another tab of this browser, it is switched in all: one of them sounds.
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key !== KEPT) return;
      this.on = newValue === "on";
      this.wake();
      this.label();
    });
    if (this.on) this.wake();
    this.label();
  }

  /** Whether it would be heard. */
  get ready(): boolean {
    return this.on && this.context?.state === "running";
  }

  /** Whether it is on and the browser holds it back until somebody touches the page. */
  get waits(): boolean {
    return this.on && !this.ready;
  }

  play(level: AlertLevel): void {
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
        this.play("warning");
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
    this.button.dataset["state"] = !this.on ? "off" : this.waits ? "waits" : "on";
    say(this.button, !this.on ? "Switch sound on" : this.waits ? "Click for sound" : "Switch sound off");
  }
}
