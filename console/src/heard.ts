/** Which calls have sounded: in this tab, and in the others of this browser, which tell each other. */

import type { Alert, AlertLevel } from "./api";
import { keepInTab, keptInTab } from "./kept";
import { heardAs } from "./tones";

const HEARD = "plainview-heard";
const ALARMED = "plainview-alarmed";
/** Calls that are remembered in this tab, of each sort. */
const REMEMBERED = 200;

/** What tabs say to each other: what sounded and when an alarm did last, or a question for that, or that who heard it is gone. */
type Word = { heard: string[]; alarmed: number | null } | "what was heard?" | "forget it";

const others = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(HEARD);

function tell(word: Word): void {
  others?.postMessage(word);
}

/** Owns what has sounded, of one page. */
export class Heard {
  readonly calls = remembered(HEARD);

  constructor() {
    others?.addEventListener("message", ({ data }: MessageEvent<Word>) => {
      if (data === "what was heard?") tell({ heard: [...this.calls], alarmed: this.last() });
      else if (data === "forget it") this.calls.clear();
      else this.add(data.heard, data.alarmed);
    });
    tell("what was heard?");
  }

  /** When an alarm sounded last, in seconds; kept over pages, so that it does not at each step through them. */
  last(): number | null {
    const last = keptInTab(ALARMED);
    return last === null ? null : Number(last);
  }

  /** `level` sounds at `now` (seconds) for `alerts`. */
  sounds(alerts: Alert[], level: AlertLevel, now: number): void {
    const heard = alerts.map(heardAs);
    const alarmed = level === "alarm" ? now : null;
    this.add(heard, alarmed);
    tell({ heard, alarmed });
  }

  private add(heard: string[], alarmed: number | null): void {
    for (const call of heard) this.calls.add(call);
    remember(HEARD, this.calls);
    if (alarmed !== null) keepInTab(ALARMED, String(alarmed));
  }
}

/** Who heard it has signed out: who comes next hears all anew, in every tab. */
export function forgetHeard(): void {
  for (const key of [HEARD, ALARMED]) keepInTab(key, null);
  tell("forget it");
}

/** What is remembered in this tab under `key`. */
export function remembered(key: string): Set<string> {
  return new Set((keptInTab(key) ?? "").split("\n").filter(Boolean));
}

/** Remember the newest of `what` in this tab under `key`. */
export function remember(key: string, what: Set<string>): void {
  keepInTab(key, [...what].slice(-REMEMBERED).join("\n"));
}
