/** What an alert sounds like: data only, so that it can be tested without a loudspeaker. */

import type { Alert, AlertLevel } from "./api";
import { calls } from "./words";

/** One note: hertz, when it begins and how long it lasts (seconds). */
export interface Note {
  frequency: number;
  at: number;
  length: number;
}

/**
 * An alarm is five quick high notes, a warning two slow low ones: as in IEC 60601-1-8 the number of
 * notes and their speed tell them apart, not the pitch alone. Each lasts under 1.5 s.
 */
export const TONES: Record<AlertLevel, readonly Note[]> = {
  alarm: [0, 0.15, 0.3, 0.6, 0.75].map((at, k) => ({ frequency: k % 2 ? 1047 : 880, at, length: 0.12 })),
  warning: [0, 0.55].map((at, k) => ({ frequency: k ? 349 : 440, at, length: 0.45 })),
};

/** Seconds after which an alarm that nobody has acknowledged sounds again. A warning sounds once. */
export const AGAIN = 10;

/** What is heard once: an alert in one state and level. */
export function heardAs(alert: Alert): string {
  return `${alert.id} ${alert.level} ${alert.state}`;
}

/**
 * Which tone is due now, the graver first; null for none. `heard` holds what has sounded
 * (`heardAs`), `last` is when an alarm sounded last and `now` the present, both in seconds.
 */
export function due(alerts: Alert[], heard: ReadonlySet<string>, last: number, now: number): AlertLevel | null {
  const calling = alerts.filter(calls);
  const fresh = calling.filter((alert) => !heard.has(heardAs(alert)));
  if (fresh.some((alert) => alert.level === "alarm")) return "alarm";
  if (calling.some((alert) => alert.level === "alarm") && now - last >= AGAIN) return "alarm";
  return fresh.length > 0 ? "warning" : null;
}
