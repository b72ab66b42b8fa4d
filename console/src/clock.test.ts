import { afterEach, describe, expect, it, vi } from "vitest";
import { clock, moment } from "./words";

const utc = (text: string): number => Date.parse(text) / 1000;

afterEach(() => vi.unstubAllEnvs());

describe("the clock", () => {
  it("says which of the two hours it is, as summer time ends, and nothing of it at other times", () => {
    vi.stubEnv("TZ", "Europe/Paris");
    expect(clock(utc("2026-10-25T00:30:00Z"))).toBe("02:30:00 CEST");
    expect(clock(utc("2026-10-25T01:30:00Z"))).toBe("02:30:00 CET");
    expect(clock(utc("2026-10-24T23:59:59Z"))).toBe("01:59:59");
    expect(clock(utc("2026-10-25T02:00:00Z"))).toBe("03:00:00");
    expect(clock(utc("2026-03-29T00:59:59Z"))).toBe("01:59:59");
    expect(clock(utc("2026-03-29T01:00:00Z"))).toBe("03:00:00");
  });

  it("knows of half an hour that is put back", () => {
    vi.stubEnv("TZ", "Australia/Lord_Howe");
    expect(clock(utc("2026-04-04T14:45:00Z"))).not.toBe(clock(utc("2026-04-04T15:15:00Z")));
  });

  it("names the day of what was before midnight", () => {
    vi.stubEnv("TZ", "Europe/Paris");
    const now = utc("2026-11-28T23:10:00Z");
    expect(moment(utc("2026-11-28T23:00:00Z"), now)).toBe("00:00:00");
    expect(moment(utc("2026-11-28T22:59:59Z"), now)).toBe("28 November, 23:59:59");
  });
});
