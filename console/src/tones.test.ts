import { describe, expect, it } from "vitest";
import type { Alert } from "./api";
import { AGAIN, due, heardAs, TONES } from "./tones";

const alert: Alert = {
  id: "a", site: "s", zone: null, kind: "density", quantity: "density", level: "alarm", state: "raised",
  raised_at: 0, updated_at: 0, cleared_at: null, value: 6, low: 5, high: 7, peak: 6, unit: "people/m²",
  threshold: 5, source: "", at: null, cameras: [], confidence: null, unseen_since: null, route: null, message: "", check: [], history: [],
};
const warning: Alert = { ...alert, id: "w", level: "warning" };

describe("tones", () => {
  it("are short, and differ in number and speed of their notes", () => {
    for (const notes of Object.values(TONES)) for (const { at, length } of notes) expect(at + length).toBeLessThan(1.5);
    expect(TONES.alarm.length).toBeGreaterThan(TONES.warning.length);
    expect(Math.min(...TONES.alarm.map(({ frequency }) => frequency))).toBeGreaterThan(Math.max(...TONES.warning.map(({ frequency }) => frequency)));
  });

  it("call once to a warning, and to an alarm again until somebody acknowledges", () => {
    const heard = new Set([heardAs(alert), heardAs(warning)]);
    expect(due([warning], new Set(), -Infinity, 0)).toBe("warning");
    expect(due([warning], heard, -Infinity, 0)).toBe(null);
    expect(due([warning, alert], new Set(), -Infinity, 0)).toBe("alarm");
    expect(due([alert], heard, 0, AGAIN - 1)).toBe(null);
    expect(due([alert], heard, 0, AGAIN)).toBe("alarm");
    expect(due([{ ...alert, state: "acknowledged" }], new Set(), -Infinity, AGAIN)).toBe(null);
  });

  it("call anew when an alert is escalated", () => {
    expect(due([{ ...warning, state: "escalated" }], new Set([heardAs(warning)]), -Infinity, 0)).toBe("warning");
  });
});
