/** Where ground metres fall on a canvas. */

import type { Point } from "./api";

const MARGIN = 30;

/** x0, y0, x1, y1; metres. */
export type Box = [number, number, number, number];

/** Where ground metres fall on a canvas (CSS pixels), and back. */
export interface Frame {
  /** Pixels per metre. */
  scale: number;
  x(metres: number): number;
  y(metres: number): number;
  /** Ground metres under a place of the canvas. */
  ground(x: number, y: number): Point;
}

/** `box` as large as a canvas shows it whole, in its middle. */
export function frameOf(box: Box, width: number, height: number): Frame {
  const [x0, y0, x1, y1] = box;
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
