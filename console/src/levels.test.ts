import { describe, expect, it } from "vitest";
import type { Grid } from "./api";
import { levelOf, LEVELS, mask, roundStep, smoothed } from "./levels";

const grid: Grid = { origin: [0, 0], cell: 1, shape: [6, 5] };
const all = new Uint8Array(30).fill(1);

describe("levels of service", () => {
  it("hold Fruin's thresholds, given as square metres for each person", () => {
    expect(LEVELS.slice(1).map(({ from }) => Number((1 / from).toFixed(2)))).toEqual([3.25, 2.32, 1.39, 0.93, 0.46]);
  });

  it("rise with density, each from its own threshold on", () => {
    expect([0, 0.3, 0.31, 0.5, 0.9, 1.5, 3].map(levelOf)).toEqual(["A", "A", "B", "C", "D", "E", "F"]);
    for (const { level, from } of LEVELS) expect(levelOf(from)).toBe(level);
  });
});

describe("smoothed density", () => {
  it("spreads one person over the 3 m around", () => {
    const mean = smoothed(grid, [[2, 2, 1, 0, 0, 0]], all);
    expect(mean[2 * 6 + 2]).toBeCloseTo(1 / 9);
    expect(mean[1 * 6 + 3]).toBeCloseTo(1 / 9);
    expect(mean[2 * 6 + 4]).toBe(0);
  });

  it("divides by the known ground alone, at borders too", () => {
    expect(smoothed(grid, [[0, 0, 1, 0, 0, 0]], all)[0]).toBeCloseTo(1 / 4);
    const known = all.slice();
    known[1] = 0;
    expect(smoothed(grid, [[0, 0, 1, 0, 0, 0]], known)[0]).toBeCloseTo(1 / 3);
  });

  it("is not a number where nothing is known, whatever was said there", () => {
    const known = all.slice();
    known[8] = 0;
    const mean = smoothed(grid, [[2, 1, 5, 0, 0, 0]], known);
    expect(mean[8]).toBeNaN();
    expect(mean[9]).toBe(0);
  });

  it("keeps a uniform crowd uniform", () => {
    const cells = Array.from({ length: 30 }, (_, k) => [k % 6, Math.floor(k / 6), 2, 0, 0, 0] as [number, number, number, number, number, number]);
    for (const value of smoothed(grid, cells, all)) expect(value).toBeCloseTo(2);
  });
});

it("a mask is true in its runs and nowhere else", () => {
  expect([...mask({ ...grid, shape: [3, 2] }, [[1, 2], [5, 1]])]).toEqual([0, 1, 1, 0, 0, 1]);
});

it("a round step is 1, 2 or 5 times a power of ten, and no less than asked", () => {
  expect([0.011, 0.5, 1, 3, 7, 130].map(roundStep)).toEqual([0.02, 0.5, 1, 5, 10, 200]);
});
