/** Which pins of a map are drawn whole, where not all have room. */

import type { Alert, SiteNow } from "./api";
import { alertsGrade, siteState } from "./words";

/** A pin's box on the map: the middle of its foot, its size, and how early it gets room (0 first). */
export interface Spot {
  x: number;
  y: number;
  width: number;
  height: number;
  rank: number;
}

/** Pixels that two whole pins may lie over each other. */
const LAP = 4;

/** For each of `spots`, whether it must be small, since one that is graver lies where it would. */
export function crowded(spots: Spot[]): boolean[] {
  const whole: Spot[] = [];
  const small = spots.map(() => false);
  const order = spots.map((_, k) => k).sort((a, b) => (spots[a]?.rank ?? 0) - (spots[b]?.rank ?? 0) || a - b);
  for (const k of order) {
    const spot = spots[k];
    if (!spot) continue;
    if (whole.some((other) => overlap(spot, other))) small[k] = true;
    else whole.push(spot);
  }
  return small;
}

function overlap(a: Spot, b: Spot): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 - LAP && a.y - a.height < b.y - LAP && b.y - b.height < a.y - LAP;
}

/** What is looked at first: an alarm, a warning, a camera that cannot be believed, then where most people are. */
export function rankOf(site: SiteNow | undefined, own: Alert[]): number {
  const level = alertRank(own) * 2 + (site && siteState(site).grade === "bad" ? 0 : 1);
  return level - Math.min(site?.count ?? 0, 1e6) / 2e6;
}

/** 0 where there is an alarm, 1 where a warning, 2 where neither. */
export function alertRank(own: Alert[]): number {
  if (own.length === 0) return 2;
  return alertsGrade(own) === "bad" ? 0 : 1;
}
