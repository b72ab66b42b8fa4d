/** The ground seen from above, in metres: density by level, flow, lines, cameras. Never a picture. */

import type { Point, SiteField, SitePlace } from "./api";
import { colour, onTheme } from "./dom";
import { type Box, type Frame, frameOf } from "./frame";
import { paintAreas, paintCameras, paintLines, paintNorth, paintScale, paintWedges } from "./fixtures";
import { type Measured, paintCells, paintFlow, paintGround, paintUnknown } from "./ground";
import { knownGround, type Level, levelOf, mask, smoothed } from "./levels";
import { Sheet } from "./sheet";

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
  private measured: Measured;
  private believed = new Set<string>();
  private cursor: [number, number] | null = null;
  private marked: Point | null = null;
  private zone: Point[][] = [];
  private queued = false;
  private box: Box;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly site: SitePlace,
  ) {
    const { grid } = site;
    const inside = mask(grid, site.inside);
    const density = new Float64Array(grid.shape[0] * grid.shape[1]).fill(NaN);
    this.measured = { inside, uncovered: mask(grid, site.uncovered), unknown: inside.slice(), density, cells: [], when: null };
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
    const density = smoothed(grid, field.cells, knownGround(this.site, field));
    this.measured = { ...this.measured, unknown: mask(grid, field.unknown), density, cells: field.cells, when: field.measured };
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
    const { density, inside } = this.measured;
    density.forEach((value, k) => {
      if (!inside[k]) return;
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
    const k = iy * shape[0] + ix;
    const density = this.measured.density[k] ?? NaN;
    const found = this.measured.cells.find((c) => c[0] === ix && c[1] === iy);
    return {
      at: [origin[0] + (ix + 0.5) * cell, origin[1] + (iy + 0.5) * cell],
      inside: this.measured.inside[k] === 1,
      density: Number.isNaN(density) ? null : density,
      velocity: found ? [found[3], found[4]] : null,
    };
  }

  /** Ground that is drawn: the grid, and near it the cameras; farther ones stand at its border. */
  private bounds(): Box {
    const { origin, cell, shape } = this.site.grid;
    const x1 = origin[0] + shape[0] * cell;
    const y1 = origin[1] + shape[1] * cell;
    const reach = 0.12 * Math.max(x1 - origin[0], y1 - origin[1]);
    const box: Box = [origin[0], origin[1], x1, y1];
    for (const { at } of this.site.cameras) {
      box[0] = Math.min(box[0], Math.max(at[0], origin[0] - reach));
      box[1] = Math.min(box[1], Math.max(at[1], origin[1] - reach));
      box[2] = Math.max(box[2], Math.min(at[0], x1 + reach));
      box[3] = Math.max(box[3], Math.min(at[1], y1 + reach));
    }
    return box;
  }

  private frame(): Frame {
    return frameOf(this.box, this.canvas.clientWidth, this.canvas.clientHeight);
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
    const { site, measured, believed } = this;
    const sheet = new Sheet(c, this.frame(), this.canvas.clientWidth, this.canvas.clientHeight);
    paintWedges(sheet, site, believed);
    paintGround(sheet, site, measured);
    paintCells(sheet, site, measured);
    paintUnknown(sheet, site, measured);
    paintAreas(sheet, site);
    paintFlow(sheet, site, measured);
    paintLines(sheet, site);
    paintCameras(sheet, site, believed, this.box);
    this.paintMark(sheet);
    paintScale(sheet);
    paintNorth(sheet, site.bearing);
    this.paintCursor(sheet);
  }

  /** A ring around the place of an alert, wide enough to be found on a full plan. */
  private paintMark(sheet: Sheet): void {
    const { c, frame } = sheet;
    for (const [stroke, width] of [[colour("halo"), 5], [colour("stop"), 2.5]] as const) {
      c.strokeStyle = stroke;
      c.lineWidth = width;
      c.setLineDash([10, 5]);
      for (const polygon of this.zone) sheet.path(polygon, true);
      c.setLineDash([]);
      if (!this.marked) continue;
      const [x, y] = [frame.x(this.marked[0]), frame.y(this.marked[1])];
      c.beginPath();
      c.arc(x, y, Math.max(14, 1.5 * frame.scale), 0, 2 * Math.PI);
      c.stroke();
    }
  }

  private paintCursor({ c, frame }: Sheet): void {
    if (!this.cursor) return;
    const { origin, cell } = this.site.grid;
    const side = cell * frame.scale;
    c.strokeStyle = colour("focus");
    c.lineWidth = 2;
    c.strokeRect(frame.x(origin[0] + this.cursor[0] * cell) - 1, frame.y(origin[1] + (this.cursor[1] + 1) * cell) - 1, side + 2, side + 2);
  }
}
