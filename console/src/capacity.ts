/** How much of what a city runs on is used, and what is amiss with it, in words and not in colour alone. */

import type { CityNow } from "./api";
import { bytes, span } from "./words";

/** A name, what it is now, and what is amiss: null nothing, "" what the words themselves say. */
export type CapacityRow = [name: string, now: string, fault: string | null];

const LATE = 2;

/** What the page City says of its capacity, in order. */
export function capacityRows({ t, crowd, capacity: c }: Pick<CityNow, "t" | "crowd" | "capacity">): CapacityRow[] {
  const running = c.lenses["running"] ?? 0;
  const few = c.readings_per_second !== null && c.readings_per_second < 0.9 * c.readings_expected;
  const waits = c.bus_bound && c.bus_waiting !== null && c.bus_waiting > c.bus_bound / 2;
  return [
    ["Readings stored per second", `${c.readings_per_second === null ? "not known" : c.readings_per_second.toFixed(1)} of ${c.readings_expected.toFixed(1)} expected`, few ? "too few" : null],
    ["From measured to stored", c.lag === null ? "nothing comes" : `${c.lag.toFixed(1)} s`, c.lag === null ? "" : c.lag > LATE ? `late: over ${LATE} s` : null],
    ["Waiting on the bus", c.bus_waiting === null ? "not known" : `${c.bus_waiting.toLocaleString("en")}${c.bus_bound ? ` of ${c.bus_bound.toLocaleString("en")} that fit` : ""}`, waits ? "more than half full" : null],
    ["Lenses that run", `${running.toLocaleString("en")} of ${crowd.cameras.toLocaleString("en")} ${crowd.cameras === 1 ? "camera" : "cameras"}${c.unsealed ? `, ${c.unsealed.toLocaleString("en")} UNSEALED` : ""}`, c.unsealed > 0 ? "" : null],
    ["Store", `${bytes(c.disk_used)} of ${bytes(c.disk_bound)}${c.disk_free === null ? "" : `; ${bytes(c.disk_free)} free on the disk`}`, c.disk_used > 0.9 * c.disk_bound ? "nearly full" : null],
    ["Oldest Reading kept", c.oldest === null ? "none" : `${span(t - c.oldest)} old`, null],
  ];
}
