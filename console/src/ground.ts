/** What is measured on the ground, drawn: density by level, where it is not known, and the flow. */

import type { Cell, SitePlace } from "./api";
import { colour } from "./dom";
import { type Level, levelOf } from "./levels";
import type { Sheet } from "./sheet";
import { unknownWords } from "./words";

const SHOWN = 0.05;

/** A site's cells, row by row from its grid's origin: 1 for yes. */
export interface Measured {
  inside: Uint8Array;
  /** No camera sees it. */
  uncovered: Uint8Array;
  /** Its cameras cannot be believed now. */
  unknown: Uint8Array;
  /** people/m² around it; NaN where not known. */
  density: Float64Array;
  cells: Cell[];
  /** When any of it was measured (UTC seconds); null: none of it was. */
  when: number | null;
}

/** The ground that is measured. */
export function paintGround(sheet: Sheet, site: SitePlace, measured: Measured): void {
  const { c } = sheet;
  c.fillStyle = colour("ground");
  for (const area of site.areas) {
    sheet.trace(area, true);
    c.fill();
  }
  sheet.eachCell(site.grid, (k, left, top, side) => {
    if (measured.inside[k]) c.fillRect(left - 0.25, top - 0.25, side + 0.5, side + 0.5);
  });
}

/** Each cell where people are, in the colour and with the letter of its level. */
export function paintCells(sheet: Sheet, site: SitePlace, measured: Measured): void {
  const { c } = sheet;
  c.textAlign = "center";
  c.textBaseline = "middle";
  sheet.eachCell(site.grid, (k, left, top, side) => {
    const density = measured.density[k] ?? NaN;
    if (Number.isNaN(density) || density < SHOWN) return;
    const level = levelOf(density);
    c.fillStyle = colour(`level-${level.toLowerCase()}`);
    const gap = side > 8 ? 0.5 : 0;
    c.fillRect(left + gap, top + gap, side - 2 * gap, side - 2 * gap);
    if (level === "A") return;
    c.fillStyle = c.strokeStyle = colour(`level-${level.toLowerCase()}-ink`);
    if (side >= 13) {
      c.font = `600 ${Math.min(side * 0.55, 13)}px system-ui, sans-serif`;
      c.fillText(level, left + side / 2, top + side / 2 + 0.5);
    } else if (level >= "D") {
      mark(c, level, left, top, side);
    }
  });
}

/** Small cells carry strokes in place of a letter: D one, E a cross, F a cross in a frame. */
function mark(c: CanvasRenderingContext2D, level: Level, left: number, top: number, side: number): void {
  c.lineWidth = Math.max(0.75, side / 9);
  c.beginPath();
  c.moveTo(left + 1, top + side - 1);
  c.lineTo(left + side - 1, top + 1);
  if (level !== "D") {
    c.moveTo(left + 1, top + 1);
    c.lineTo(left + side - 1, top + side - 1);
  }
  if (level === "F") c.rect(left + 1, top + 1, side - 2, side - 2);
  c.stroke();
}

/** Hatched: ground that no camera sees, or none that can be believed. */
export function paintUnknown(sheet: Sheet, site: SitePlace, measured: Measured): void {
  const { c } = sheet;
  let some = false;
  c.save();
  c.beginPath();
  sheet.eachCell(site.grid, (k, left, top, side) => {
    if (measured.inside[k] && (measured.unknown[k] || measured.uncovered[k])) {
      c.rect(left, top, side, side);
      some = true;
    }
  });
  if (some) {
    c.clip();
    c.fillStyle = colour("unknown");
    c.fillRect(0, 0, sheet.width, sheet.height);
    c.strokeStyle = colour("hatch");
    c.lineWidth = 1.5;
    c.beginPath();
    for (let x = -sheet.height; x < sheet.width; x += 9) {
      c.moveTo(x, sheet.height);
      c.lineTo(x + sheet.height, 0);
    }
    c.stroke();
  }
  c.restore();
  if (some) paintUnknownLabel(sheet, site, measured);
}

/** At the lower edge of that ground: lines have their names at its middle. */
function paintUnknownLabel(sheet: Sheet, site: SitePlace, measured: Measured): void {
  let count = 0;
  let sumX = 0;
  let lowest = 0;
  sheet.eachCell(site.grid, (k, left, top, side) => {
    if (!measured.inside[k] || !measured.unknown[k]) return;
    count += 1;
    sumX += left + side / 2;
    lowest = Math.max(lowest, top + side);
  });
  if (count > 3) sheet.tag(unknownWords(measured.when), sumX / count, lowest - 14, colour("bad"));
}

/** One arrow for each block of about 2 m: the way of its people together, 0.8 s of walking long. */
export function paintFlow(sheet: Sheet, site: SitePlace, measured: Measured): void {
  const { c, frame } = sheet;
  const { origin, cell, shape } = site.grid;
  const per = Math.max(1, Math.round(Math.max(2, 24 / frame.scale) / cell));
  const blocks = new Map<number, [number, number, number, number, number]>();
  for (const [ix, iy, density, vx, vy] of measured.cells) {
    if (measured.unknown[iy * shape[0] + ix]) continue;
    const key = Math.floor(iy / per) * 100_000 + Math.floor(ix / per);
    const sum = blocks.get(key) ?? [0, 0, 0, 0, 0];
    blocks.set(key, [sum[0] + density, sum[1] + density * vx, sum[2] + density * vy, sum[3] + density * (ix + 0.5), sum[4] + density * (iy + 0.5)]);
  }
  c.lineCap = "round";
  c.lineJoin = "round";
  for (const [weight, mx, my, px, py] of blocks.values()) {
    const vx = mx / weight;
    const vy = my / weight;
    const speed = Math.hypot(vx, vy);
    if (weight < SHOWN || speed < 0.15) continue;
    const length = Math.min(speed * 0.8, 2.2) * Math.max(frame.scale, 14);
    const x = frame.x(origin[0] + (px / weight) * cell);
    const y = frame.y(origin[1] + (py / weight) * cell);
    sheet.arrow(x, y, vx / speed, -vy / speed, Math.max(length, 8));
  }
}
