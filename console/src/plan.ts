/** The ground seen from above, in metres: density by level, flow, lines, cameras. Never a picture. */

import type { Cell, Point, SiteField, SitePlace } from "./api";
import { colour, onTheme } from "./dom";
import { knownGround, type Level, levelOf, mask, roundStep, smoothed } from "./levels";

const SHOWN = 0.05;
const MARGIN = 30;
const TAG = "600 12px system-ui, sans-serif";

interface Frame {
  /** Pixels per metre. */
  scale: number;
  x(metres: number): number;
  y(metres: number): number;
  /** Ground metres under a place of the canvas. */
  ground(x: number, y: number): Point;
}

/** What a cell of the plan holds, for the read-out. */
export interface Spot {
  at: Point;
  inside: boolean;
  /** people/m² around it; null where not known. */
  density: number | null;
  velocity: Point | null;
}

/** Owns a canvas, the site's state and the cell that is pointed at. */
export class Plan {
  private readonly inside: Uint8Array;
  private readonly uncovered: Uint8Array;
  private unknown: Uint8Array;
  private density: Float64Array;
  private cells: Cell[] = [];
  private believed = new Set<string>();
  private cursor: [number, number] | null = null;
  private marked: Point | null = null;
  private zone: Point[][] = [];
  private queued = false;
  private box: [number, number, number, number];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly site: SitePlace,
  ) {
    const { grid } = site;
    this.inside = mask(grid, site.inside);
    this.uncovered = mask(grid, site.uncovered);
    this.unknown = this.inside.slice();
    this.density = new Float64Array(grid.shape[0] * grid.shape[1]).fill(NaN);
    this.box = this.bounds();
    onTheme(() => this.draw());
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.draw();
  }

  /** Height over width that shows the ground without waste. */
  get aspect(): number {
    const [x0, y0, x1, y1] = this.box;
    return (y1 - y0) / (x1 - x0);
  }

  /** Take a new state. */
  set(field: SiteField): void {
    const { grid } = this.site;
    this.unknown = mask(grid, field.unknown);
    this.cells = field.cells;
    this.density = smoothed(grid, field.cells, knownGround(this.site, field));
    this.believed = new Set(field.cameras.filter((camera) => camera.believed).map((camera) => camera.id));
    this.draw();
  }

  /** Mark the place of an alert (site metres) and the zone that it is about; null: none. */
  pointOut(at: Point | null, zone: string | null): void {
    this.marked = at;
    this.zone = zone === null ? [] : this.site.cameras.flatMap((camera) => camera.zones.filter(({ name }) => name === zone).map(({ polygon }) => polygon));
    this.draw();
  }

  /** Square metres of known ground at each level, and of ground that is not known. */
  ground(): { levels: Map<Level, number>; unknown: number } {
    const area = this.site.grid.cell ** 2;
    const levels = new Map<Level, number>();
    let unknown = 0;
    this.density.forEach((value, k) => {
      if (!this.inside[k]) return;
      if (Number.isNaN(value)) unknown += area;
      else levels.set(levelOf(value), (levels.get(levelOf(value)) ?? 0) + area);
    });
    return { levels, unknown };
  }

  /** Point at the cell under a place of the canvas (CSS pixels), or at none. */
  pointAt(place: Point | null): Spot | null {
    if (!place) return this.point(null);
    const frame = this.frame();
    const { origin, cell, shape } = this.site.grid;
    const [x, y] = frame.ground(place[0], place[1]);
    const ix = Math.floor((x - origin[0]) / cell);
    const iy = Math.floor((y - origin[1]) / cell);
    return this.point(ix >= 0 && iy >= 0 && ix < shape[0] && iy < shape[1] ? [ix, iy] : null);
  }

  /** Move the pointed-at cell by whole cells; starts in the middle. */
  move(dx: number, dy: number): Spot | null {
    const [nx, ny] = this.site.grid.shape;
    const [x, y] = this.cursor ?? [Math.floor(nx / 2) - dx, Math.floor(ny / 2) - dy];
    return this.point([Math.min(Math.max(x + dx, 0), nx - 1), Math.min(Math.max(y + dy, 0), ny - 1)]);
  }

  private point(cell: [number, number] | null): Spot | null {
    this.cursor = cell;
    this.draw();
    return cell ? this.spot(cell[0], cell[1]) : null;
  }

  private spot(ix: number, iy: number): Spot {
    const { origin, cell, shape } = this.site.grid;
    const density = this.density[iy * shape[0] + ix] ?? NaN;
    const found = this.cells.find((c) => c[0] === ix && c[1] === iy);
    return {
      at: [origin[0] + (ix + 0.5) * cell, origin[1] + (iy + 0.5) * cell],
      inside: this.inside[iy * shape[0] + ix] === 1,
      density: Number.isNaN(density) ? null : density,
      velocity: found ? [found[3], found[4]] : null,
    };
  }

  /** Ground that is drawn: the grid, and near it the cameras; farther ones stand at its border. */
  private bounds(): [number, number, number, number] {
    const { origin, cell, shape } = this.site.grid;
    const x1 = origin[0] + shape[0] * cell;
    const y1 = origin[1] + shape[1] * cell;
    const reach = 0.12 * Math.max(x1 - origin[0], y1 - origin[1]);
    const box: [number, number, number, number] = [origin[0], origin[1], x1, y1];
    for (const { at } of this.site.cameras) {
      box[0] = Math.min(box[0], Math.max(at[0], origin[0] - reach));
      box[1] = Math.min(box[1], Math.max(at[1], origin[1] - reach));
      box[2] = Math.max(box[2], Math.min(at[0], x1 + reach));
      box[3] = Math.max(box[3], Math.min(at[1], y1 + reach));
    }
    return box;
  }

  private frame(): Frame {
    const [x0, y0, x1, y1] = this.box;
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    const scale = Math.max(0.1, Math.min((width - 2 * MARGIN) / (x1 - x0), (height - 2 * MARGIN) / (y1 - y0)));
    const left = (width - (x1 - x0) * scale) / 2;
    const top = (height - (y1 - y0) * scale) / 2;
    return {
      scale,
      x: (metres) => left + (metres - x0) * scale,
      y: (metres) => top + (y1 - metres) * scale,
      ground: (x, y) => [(x - left) / scale + x0, y1 - (y - top) / scale],
    };
  }

  /** Draw before the next frame, once however often it is asked. */
  private draw(): void {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      const context = this.canvas.getContext("2d");
      if (context && this.canvas.clientWidth > 0) this.paint(context);
    });
  }

  private paint(c: CanvasRenderingContext2D): void {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    const frame = this.frame();
    this.paintWedges(c, frame);
    this.paintGround(c, frame);
    this.paintCells(c, frame);
    this.paintUnknown(c, frame);
    this.paintAreas(c, frame);
    this.paintFlow(c, frame);
    this.paintLines(c, frame);
    this.paintCameras(c, frame);
    this.paintMark(c, frame);
    this.paintScale(c, frame);
    this.paintNorth(c);
    this.paintCursor(c, frame);
  }

  private eachCell(frame: Frame, what: (k: number, left: number, top: number, side: number) => void): void {
    const { origin, cell, shape } = this.site.grid;
    const side = cell * frame.scale;
    for (let iy = 0; iy < shape[1]; iy += 1) {
      for (let ix = 0; ix < shape[0]; ix += 1) {
        what(iy * shape[0] + ix, frame.x(origin[0] + ix * cell), frame.y(origin[1] + (iy + 1) * cell), side);
      }
    }
  }

  private paintGround(c: CanvasRenderingContext2D, frame: Frame): void {
    c.fillStyle = colour("ground");
    for (const area of this.site.areas) {
      this.trace(c, frame, area, true);
      c.fill();
    }
    this.eachCell(frame, (k, left, top, side) => {
      if (this.inside[k]) c.fillRect(left - 0.25, top - 0.25, side + 0.5, side + 0.5);
    });
  }

  private paintCells(c: CanvasRenderingContext2D, frame: Frame): void {
    c.textAlign = "center";
    c.textBaseline = "middle";
    this.eachCell(frame, (k, left, top, side) => {
      const density = this.density[k] ?? NaN;
      if (Number.isNaN(density) || density < SHOWN) return;
      const level = levelOf(density);
      c.fillStyle = colour(`level-${level.toLowerCase()}`);
      const gap = side > 8 ? 0.5 : 0;
      c.fillRect(left + gap, top + gap, side - 2 * gap, side - 2 * gap);
      if (level === "A") return;
      c.fillStyle = c.strokeStyle = colour(`level-${level.toLowerCase()}-ink`);
      if (side >= 13) {
        c.font = `600 ${Math.min(side * 0.55, 13)}px system-ui, sans-serif`;
        c.globalAlpha = level === "B" || level === "C" ? 0.55 : 0.9;
        c.fillText(level, left + side / 2, top + side / 2 + 0.5);
        c.globalAlpha = 1;
      } else if (level >= "D") {
        this.mark(c, level, left, top, side);
      }
    });
  }

  /** Small cells carry strokes in place of a letter: D one, E a cross, F a cross in a frame. */
  private mark(c: CanvasRenderingContext2D, level: Level, left: number, top: number, side: number): void {
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

  private paintUnknown(c: CanvasRenderingContext2D, frame: Frame): void {
    let some = false;
    c.save();
    c.beginPath();
    this.eachCell(frame, (k, left, top, side) => {
      if (this.inside[k] && (this.unknown[k] || this.uncovered[k])) {
        c.rect(left, top, side, side);
        some = true;
      }
    });
    if (some) {
      c.clip();
      c.fillStyle = colour("unknown");
      c.fillRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
      c.strokeStyle = colour("hatch");
      c.lineWidth = 1.5;
      c.beginPath();
      for (let x = -this.canvas.clientHeight; x < this.canvas.clientWidth; x += 9) {
        c.moveTo(x, this.canvas.clientHeight);
        c.lineTo(x + this.canvas.clientHeight, 0);
      }
      c.stroke();
    }
    c.restore();
    if (some) this.paintUnknownLabel(c, frame);
  }

  /** At the lower edge of that ground: lines have their names at its middle. */
  private paintUnknownLabel(c: CanvasRenderingContext2D, frame: Frame): void {
    let count = 0;
    let sumX = 0;
    let lowest = 0;
    this.eachCell(frame, (k, left, top, side) => {
      if (!this.inside[k] || !this.unknown[k]) return;
      count += 1;
      sumX += left + side / 2;
      lowest = Math.max(lowest, top + side);
    });
    if (count > 3) this.tag(c, "Not known: camera cannot be believed", sumX / count, lowest - 14, colour("bad"));
  }

  private paintAreas(c: CanvasRenderingContext2D, frame: Frame): void {
    c.strokeStyle = colour("edge");
    c.lineWidth = 1.25;
    for (const area of this.site.areas) this.path(c, frame, area, true);
  }

  private path(c: CanvasRenderingContext2D, frame: Frame, points: Point[], close: boolean): void {
    this.trace(c, frame, points, close);
    c.stroke();
  }

  private trace(c: CanvasRenderingContext2D, frame: Frame, points: Point[], close: boolean): void {
    c.beginPath();
    points.forEach(([x, y], k) => (k ? c.lineTo(frame.x(x), frame.y(y)) : c.moveTo(frame.x(x), frame.y(y))));
    if (close) c.closePath();
  }

  /** One arrow for each block of about 2 m: the way of its people together, 0.8 s of walking long. */
  private paintFlow(c: CanvasRenderingContext2D, frame: Frame): void {
    const { origin, cell, shape } = this.site.grid;
    const per = Math.max(1, Math.round(Math.max(2, 24 / frame.scale) / cell));
    const blocks = new Map<number, [number, number, number, number, number]>();
    for (const [ix, iy, density, vx, vy] of this.cells) {
      if (this.unknown[iy * shape[0] + ix]) continue;
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
      this.arrow(c, x, y, vx / speed, -vy / speed, Math.max(length, 8));
    }
  }

  private arrow(c: CanvasRenderingContext2D, x: number, y: number, ux: number, uy: number, length: number, ink = colour("flow")): void {
    const tipX = x + (ux * length) / 2;
    const tipY = y + (uy * length) / 2;
    const head = Math.min(5.5, length * 0.4);
    for (const [stroke, width] of [[colour("halo"), 3.6], [ink, 1.6]] as const) {
      c.strokeStyle = stroke;
      c.lineWidth = width;
      c.beginPath();
      c.moveTo(x - (ux * length) / 2, y - (uy * length) / 2);
      c.lineTo(tipX, tipY);
      c.moveTo(tipX - head * (ux + uy * 0.7), tipY - head * (uy - ux * 0.7));
      c.lineTo(tipX, tipY);
      c.lineTo(tipX - head * (ux - uy * 0.7), tipY - head * (uy + ux * 0.7));
      c.stroke();
    }
  }

  private paintLines(c: CanvasRenderingContext2D, frame: Frame): void {
    for (const camera of this.site.cameras) {
      for (const line of camera.lines) {
        c.strokeStyle = colour("accent");
        c.lineWidth = 3;
        c.setLineDash([7, 4]);
        this.path(c, frame, [line.start, line.end], false);
        c.setLineDash([]);
        const [dx, dy] = [line.end[0] - line.start[0], line.end[1] - line.start[1]];
        const length = Math.hypot(dx, dy);
        const middle: Point = [(line.start[0] + line.end[0]) / 2, (line.start[1] + line.end[1]) / 2];
        // Forward is to the left of the way from start to end: on the screen, y runs down.
        const [ux, uy] = [-dy / length, -dx / length];
        const [x, y] = [frame.x(middle[0]), frame.y(middle[1])];
        this.arrow(c, x + ux * 11, y + uy * 11, ux, uy, 20, colour("accent"));
        c.font = TAG;
        const aside = 14 + Math.abs(ux) * (c.measureText(line.name).width / 2);
        this.tag(c, line.name, x - ux * aside, y - uy * aside, colour("accent"));
      }
    }
  }

  private paintWedges(c: CanvasRenderingContext2D, frame: Frame): void {
    for (const camera of this.site.cameras) {
      const [left, right] = camera.wedge;
      if (!left || !right) continue;
      const [x, y] = [frame.x(camera.at[0]), frame.y(camera.at[1])];
      c.fillStyle = colour(this.believed.has(camera.id) ? "wedge" : "wedge-bad");
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(frame.x(left[0]), frame.y(left[1]));
      c.lineTo(frame.x(right[0]), frame.y(right[1]));
      c.closePath();
      c.fill();
    }
  }

  private paintCameras(c: CanvasRenderingContext2D, frame: Frame): void {
    const placed: { x: number; y: number; wide: number }[] = [];
    for (const camera of this.site.cameras) {
      const good = this.believed.has(camera.id);
      const [x0, y0, x1, y1] = this.box;
      const [atX, atY] = [Math.min(Math.max(camera.at[0], x0), x1), Math.min(Math.max(camera.at[1], y0), y1)];
      const away = Math.hypot(camera.at[0] - atX, camera.at[1] - atY);
      const [x, y] = [frame.x(atX), frame.y(atY)];
      c.fillStyle = colour(good ? "ink" : "bad");
      c.strokeStyle = colour("card");
      c.lineWidth = 2;
      c.beginPath();
      c.arc(x, y, 7, 0, 2 * Math.PI);
      c.fill();
      c.stroke();
      c.strokeStyle = colour("card");
      c.lineWidth = 1.75;
      c.beginPath();
      if (good) c.arc(x, y, 2.5, 0, 2 * Math.PI);
      else {
        c.moveTo(x - 3, y - 3);
        c.lineTo(x + 3, y + 3);
        c.moveTo(x + 3, y - 3);
        c.lineTo(x - 3, y + 3);
      }
      c.stroke();
      const below = y < this.canvas.clientHeight - 32;
      const name = away > 1 ? `${camera.name}, ${Math.round(away)} m farther` : camera.name;
      c.font = TAG;
      const wide = c.measureText(name).width / 2 + 5;
      const middle = this.within(x, wide);
      // On a narrow screen the names of cameras side by side stand one above the other.
      const free = (at: number): boolean =>
        placed.every((other) => Math.abs(other.x - middle) >= other.wide + wide || Math.abs(other.y - at) >= 20);
      const offsets = below ? [18, -18, -38, 38] : [-18, 18, -38, 38];
      const at = y + (offsets.find((offset) => free(y + offset)) ?? offsets[0]!);
      placed.push({ x: middle, y: at, wide });
      this.tag(c, name, x, at, colour(good ? "soft" : "bad"));
    }
  }

  /** Where the middle of a plate `wide` to each side is, kept within the canvas. */
  private within(x: number, wide: number): number {
    return Math.min(Math.max(x, wide + 2), Math.max(this.canvas.clientWidth - wide - 2, wide + 2));
  }

  /** Words on a plate, kept within the canvas. */
  private tag(c: CanvasRenderingContext2D, words: string, x: number, y: number, ink: string): void {
    c.font = TAG;
    const wide = c.measureText(words).width / 2 + 5;
    const within = this.within(x, wide);
    c.fillStyle = colour("plate");
    c.beginPath();
    c.roundRect(within - wide, y - 9, 2 * wide, 18, 5);
    c.fill();
    c.fillStyle = ink;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(words, within, y + 0.5);
  }

  private paintScale(c: CanvasRenderingContext2D, frame: Frame): void {
    const metres = roundStep(60 / frame.scale);
    const length = metres * frame.scale;
    const y = this.canvas.clientHeight - 10;
    c.strokeStyle = c.fillStyle = colour("soft");
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(10, y - 5);
    c.lineTo(10, y);
    c.lineTo(10 + length, y);
    c.lineTo(10 + length, y - 5);
    c.stroke();
    c.font = "12px system-ui, sans-serif";
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.fillText(`${metres} m`, 15, y - 2);
  }

  private paintNorth(c: CanvasRenderingContext2D): void {
    c.save();
    c.translate(this.canvas.clientWidth - 20, 24);
    c.rotate((-this.site.bearing * Math.PI) / 180);
    c.fillStyle = colour("soft");
    c.beginPath();
    c.moveTo(0, -14);
    c.lineTo(6, 4);
    c.lineTo(0, 0);
    c.lineTo(-6, 4);
    c.closePath();
    c.fill();
    c.font = "600 11px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "top";
    c.fillText("N", 0, 6);
    c.restore();
  }

  /** A ring around the place of an alert, wide enough to be found on a full plan. */
  private paintMark(c: CanvasRenderingContext2D, frame: Frame): void {
    for (const [stroke, width] of [[colour("halo"), 5], [colour("stop"), 2.5]] as const) {
      c.strokeStyle = stroke;
      c.lineWidth = width;
      c.setLineDash([10, 5]);
      for (const polygon of this.zone) this.path(c, frame, polygon, true);
      c.setLineDash([]);
      if (!this.marked) continue;
      const [x, y] = [frame.x(this.marked[0]), frame.y(this.marked[1])];
      c.beginPath();
      c.arc(x, y, Math.max(14, 1.5 * frame.scale), 0, 2 * Math.PI);
      c.stroke();
    }
  }

  private paintCursor(c: CanvasRenderingContext2D, frame: Frame): void {
    if (!this.cursor) return;
    const { origin, cell } = this.site.grid;
    const side = cell * frame.scale;
    c.strokeStyle = colour("focus");
    c.lineWidth = 2;
    c.strokeRect(frame.x(origin[0] + this.cursor[0] * cell) - 1, frame.y(origin[1] + (this.cursor[1] + 1) * cell) - 1, side + 2, side + 2);
  }
}
