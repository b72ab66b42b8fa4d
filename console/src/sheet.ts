/** A canvas in ground metres: lines, arrows and words drawn on it. */

import type { Grid, Point } from "./api";
import { colour } from "./dom";
import type { Frame } from "./frame";

const TAG = "600 12px system-ui, sans-serif";
/** Pixels beside the words on a plate. */
export const PAD = 5;

/** A context to draw with, and the frame that it stands in. */
export class Sheet {
  constructor(
    readonly c: CanvasRenderingContext2D,
    readonly frame: Frame,
    readonly width: number,
    readonly height: number,
  ) {}

  /** Each cell of `grid`: its number, and its square on the canvas. */
  eachCell({ origin, cell, shape }: Grid, what: (k: number, left: number, top: number, side: number) => void): void {
    const { frame } = this;
    const side = cell * frame.scale;
    for (let iy = 0; iy < shape[1]; iy += 1) {
      for (let ix = 0; ix < shape[0]; ix += 1) {
        what(iy * shape[0] + ix, frame.x(origin[0] + ix * cell), frame.y(origin[1] + (iy + 1) * cell), side);
      }
    }
  }

  /** A line through `points`. */
  path(points: Point[], close: boolean): void {
    this.trace(points, close);
    this.c.stroke();
  }

  /** The same, not drawn yet. */
  trace(points: Point[], close: boolean): void {
    const { c, frame } = this;
    c.beginPath();
    points.forEach(([x, y], k) => (k ? c.lineTo(frame.x(x), frame.y(y)) : c.moveTo(frame.x(x), frame.y(y))));
    if (close) c.closePath();
  }

  /** An arrow of `length` with its middle at `x`, `y`, along the unit vector `ux`, `uy`. */
  arrow(x: number, y: number, ux: number, uy: number, length: number, ink = colour("flow")): void {
    const { c } = this;
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

  /** Half the width of `words` on a plate. */
  half(words: string): number {
    this.c.font = TAG;
    return this.c.measureText(words).width / 2;
  }

  /** Where the middle of a plate `wide` to each side is, kept within the canvas. */
  within(x: number, wide: number): number {
    return Math.min(Math.max(x, wide + 2), Math.max(this.width - wide - 2, wide + 2));
  }

  /** Words on a plate, kept within the canvas. */
  tag(words: string, x: number, y: number, ink: string): void {
    const { c } = this;
    const wide = this.half(words) + PAD;
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
}
