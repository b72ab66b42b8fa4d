/** Of all tabs and windows of this browser one sounds: two alarms a moment apart would be heard as another signal. */

const LOCK = "plainview-sound";

/** Owns this page's part in that. */
export class Turn {
  private wanted = false;
  private has = false;
  private asked: AbortController | null = null;
  private done: (() => void) | null = null;

  constructor() {
    // A browser lets a tab out of sight look once a minute: the one in sight takes the turn from it.
    document.addEventListener("visibilitychange", () => {
      if (this.wanted && !this.has && inSight()) this.ask(true);
    });
  }

  /** Whether it is this page's turn; it takes part while it `would` be heard. */
  mine(would: boolean): boolean {
    // Only where a page came safely does a browser have locks: elsewhere each sounds for itself.
    if (!("locks" in navigator)) return would;
    if (would !== this.wanted) {
      this.wanted = would;
      if (would) this.ask(inSight());
      else this.leave();
    }
    return this.has;
  }

  /** Take the turn from whoever has it, or wait until it is given up or its page is closed. */
  private ask(take: boolean): void {
    this.leave();
    const asked = (this.asked = new AbortController());
    const hold = (): Promise<void> =>
      new Promise((done) => {
        if (asked.signal.aborted) done();
        else [this.has, this.done] = [true, done];
      });
    void navigator.locks.request(LOCK, take ? { steal: true } : { signal: asked.signal }, hold).catch(() => {
      if (asked.signal.aborted) return;
      // Another took it: from here on this page waits, and does not take it back unless it comes into sight.
      this.ask(false);
    });
  }

  private leave(): void {
    this.asked?.abort();
    this.done?.();
    [this.asked, this.done, this.has] = [null, null, false];
  }
}

function inSight(): boolean {
  return document.visibilityState === "visible";
}
