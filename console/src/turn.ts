/** Of all tabs and windows of this browser one sounds: two alarms a moment apart would be heard as another signal. */

import { keep, kept } from "./kept";

const NAME = "plainview-sound-turn";
/** Milliseconds for which a turn is held that is not renewed; it is each second. */
const HELD = 5000;
/** Milliseconds after which a turn that was taken is used: by then each tab knows who took it last. */
const SETTLED = 500;

/** Owns this page's part in that. */
export class Turn {
  private wanted = false;
  private readonly part: Part = "locks" in navigator ? new Lock() : new Lease();

  constructor() {
    // The one in sight takes the turn: what sounds is where somebody looks.
    document.addEventListener("visibilitychange", () => {
      if (this.wanted && !this.part.has && inSight()) this.part.ask(true);
    });
    window.addEventListener("pagehide", () => this.part.leave());
    // Shown again as it was: it takes part anew.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) this.wanted = false;
    });
  }

  /** Whether it is this page's turn; it takes part while it `would` be heard. Asked once a second. */
  mine(would: boolean): boolean {
    if (would !== this.wanted) {
      this.wanted = would;
      if (would) this.part.ask(inSight());
      else this.part.leave();
    }
    return would && this.part.mine();
  }
}

/** How pages agree on one. */
interface Part {
  readonly has: boolean;
  /** Take the turn from whoever has it, or wait until it is given up or its page is closed. */
  ask(take: boolean): void;
  leave(): void;
  mine(): boolean;
}

/** By a lock of the browser: only where a page came safely does it have them. */
class Lock implements Part {
  has = false;
  private asked: AbortController | null = null;
  private done: (() => void) | null = null;

  ask(take: boolean): void {
    this.leave();
    const asked = (this.asked = new AbortController());
    const hold = (): Promise<void> =>
      new Promise((done) => {
        if (asked.signal.aborted) done();
        else [this.has, this.done] = [true, done];
      });
    void navigator.locks.request(NAME, take ? { steal: true } : { signal: asked.signal }, hold).catch(() => {
      if (asked.signal.aborted) return;
      // Another took it: from here on this page waits, and does not take it back unless it comes into sight.
      this.ask(false);
    });
  }

  leave(): void {
    this.asked?.abort();
    this.done?.();
    [this.asked, this.done, this.has] = [null, null, false];
  }

  mine(): boolean {
    return this.has;
  }
}

/** By what every page of this browser keeps: who has the turn, and until when unless it is renewed. */
class Lease implements Part {
  private readonly me = String(Math.random());
  private taken = 0;

  get has(): boolean {
    return leased()?.who === this.me;
  }

  ask(take: boolean): void {
    if (take) this.take();
  }

  leave(): void {
    if (this.has) keep(NAME, null);
  }

  mine(): boolean {
    const now = Date.now();
    const held = leased();
    // A clock may be set back.
    if (held === null || held.until < now || held.until > now + HELD) this.take();
    else if (held.who === this.me) this.renew();
    else return false;
    // A browser that keeps nothing: each sounds for itself, rather than none.
    return leased() === null || now - this.taken >= SETTLED;
  }

  private take(): void {
    this.taken = Date.now();
    this.renew();
  }

  private renew(): void {
    keep(NAME, `${this.me} ${Date.now() + HELD}`);
  }
}

function leased(): { who: string; until: number } | null {
  const [who, until] = (kept(NAME) ?? "").split(" ");
  return who && until ? { who, until: Number(until) } : null;
}

function inSight(): boolean {
  return document.visibilityState === "visible";
}
