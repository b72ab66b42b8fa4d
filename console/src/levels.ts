/**
 * Level of service A to F for walkways: J. J. Fruin, Pedestrian Planning and Design (1971), by the
 * ground that one person has: more than 35, 25, 15, 10 and 5 square feet, and less.
 */

import type { Cell, Grid, Run, SiteField, SitePlace } from "./api";

export type Level = "A" | "B" | "C" | "D" | "E" | "F";

const SQUARE_FOOT = 0.09290304;

/** From which density (people/m²) each level holds. */
export const LEVELS: readonly { level: Level; from: number; what: string }[] = [
  { level: "A", from: 0, what: "free" },
  { level: "B", from: 1 / (35 * SQUARE_FOOT), what: "light" },
  { level: "C", from: 1 / (25 * SQUARE_FOOT), what: "steady" },
  { level: "D", from: 1 / (15 * SQUARE_FOOT), what: "slowed" },
  { level: "E", from: 1 / (10 * SQUARE_FOOT), what: "crowded" },
  { level: "F", from: 1 / (5 * SQUARE_FOOT), what: "stop and go" },
];

/** The level of a density in people/m². */
export function levelOf(density: number): Level {
  let found: Level = "A";
  for (const { level, from } of LEVELS) if (density >= from) found = level;
  return found;
}

/** 1 where a cell is in one of `runs`; row-major. */
export function mask(grid: Grid, runs: Run[]): Uint8Array {
  const cells = new Uint8Array(grid.shape[0] * grid.shape[1]);
  for (const [start, length] of runs) cells.fill(1, start, start + length);
  return cells;
}

/** Metres to each side of a cell over which density is averaged before it is given a level. */
export const AROUND = 1.5;

/**
 * Density (people/m²) averaged over the known ground within a square of about 3 m around each cell,
 * row-major; NaN where nothing is known. One person alone in a cell of 1 m² is not a crowd: Fruin's
 * levels are about the room that people have around them.
 */
export function smoothed(grid: Grid, cells: Cell[], known: Uint8Array): Float64Array {
  const [nx, ny] = grid.shape;
  const reach = Math.max(0, Math.round(AROUND / grid.cell - 0.5));
  const people = new Float64Array(nx * ny);
  for (const [ix, iy, density] of cells) if (known[iy * nx + ix]) people[iy * nx + ix] = density;
  const total = summed(people, nx, ny);
  const ground = summed(known, nx, ny);
  const mean = new Float64Array(nx * ny).fill(NaN);
  for (let y = 0; y < ny; y += 1) {
    for (let x = 0; x < nx; x += 1) {
      const k = y * nx + x;
      if (!known[k]) continue;
      const box: Box = [Math.max(0, x - reach), Math.max(0, y - reach), Math.min(nx, x + reach + 1), Math.min(ny, y + reach + 1)];
      mean[k] = Math.max(0, inBox(total, nx, box) / inBox(ground, nx, box));
    }
  }
  return mean;
}

/** Known ground of a site in a field: 1 where a cell is the site's, covered and not unknown. */
export function knownGround(place: SitePlace, field: SiteField): Uint8Array {
  const uncovered = mask(place.grid, place.uncovered);
  const unknown = mask(place.grid, field.unknown);
  return mask(place.grid, place.inside).map((inside, k) => (inside && !unknown[k] && !uncovered[k] ? 1 : 0));
}

/** Density (people/m²) at the densest known place of a field; null where nothing is known. */
export function densest(place: SitePlace, field: SiteField): number | null {
  let most: number | null = null;
  for (const density of smoothed(place.grid, field.cells, knownGround(place, field))) {
    if (!Number.isNaN(density)) most = Math.max(most ?? 0, density);
  }
  return most;
}

type Box = [x0: number, y0: number, x1: number, y1: number];

function summed(values: ArrayLike<number>, nx: number, ny: number): Float64Array {
  const sums = new Float64Array((nx + 1) * (ny + 1));
  for (let y = 0; y < ny; y += 1) {
    let row = 0;
    for (let x = 0; x < nx; x += 1) {
      row += values[y * nx + x] ?? 0;
      sums[(y + 1) * (nx + 1) + x + 1] = (sums[y * (nx + 1) + x + 1] ?? 0) + row;
    }
  }
  return sums;
}

function inBox(sums: Float64Array, nx: number, [x0, y0, x1, y1]: Box): number {
  const at = (x: number, y: number): number => sums[y * (nx + 1) + x] ?? 0;
  return at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0);
}

/** The least of 1, 2, 5 times a power of ten that is no less than `least`. For scales and grids. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  return 10 * power;
}
