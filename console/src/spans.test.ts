import { describe, expect, it } from "vitest";
import { read, spanOf, written } from "./spans";

describe("a request for sealed footage", () => {
  it("asks for the smallest span that answers", () => {
    expect(spanOf(1000.4, 1012.2)).toEqual([990, 1023]);
    expect(spanOf(1000, null)).toEqual([990, 1040]);
  });

  it("writes and reads times in UTC, whatever the browser's zone", () => {
    expect(written(1_795_719_005)).toBe("2026-11-26T18:50:05");
    expect(read("2026-11-26T18:50:05")).toBe(1_795_719_005);
  });
});
