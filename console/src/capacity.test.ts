import { describe, expect, it } from "vitest";
import type { CityNow } from "./api";
import { capacityRows } from "./capacity";

const WELL: CityNow["capacity"] = { readings_per_second: 2, readings_expected: 2, lag: 0.4, bus_waiting: 0, bus_bound: 100, lenses: { running: 2 }, unsealed: 0, disk_used: 1, disk_bound: 10, disk_free: 50, oldest: null };
const CROWD = { cameras: 2 } as CityNow["crowd"];

function faults(change: Partial<CityNow["capacity"]>): (string | null)[] {
  return capacityRows({ t: 100, crowd: CROWD, capacity: { ...WELL, ...change } }).map(([, , fault]) => fault);
}

describe("a city's capacity", () => {
  it("has nothing amiss while all fits", () => {
    expect(faults({})).toEqual([null, null, null, null, null, null]);
  });

  it("says in words what is amiss: colour alone tells not everybody", () => {
    expect(faults({ readings_per_second: 1, lag: 3.6, bus_waiting: 51, disk_used: 9.5 })).toEqual(["too few", "late: over 2 s", "more than half full", null, "nearly full", null]);
  });

  it("leaves it at the words that say it already", () => {
    expect(faults({ lag: null, unsealed: 1 })).toEqual([null, "", null, "", null, null]);
  });
});
