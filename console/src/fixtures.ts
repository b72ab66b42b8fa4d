/** What stands on the plan whatever is measured: areas, lines, cameras, scale and north. */

import type { Point, SitePlace } from "./api";
import { colour } from "./dom";
import type { Box } from "./frame";
import { roundStep } from "./levels";
import { PAD, type Sheet } from "./sheet";

/** Where the scale begins, from the left. */
const LEFT = 10;

/** The edges of what is measured. */
export function paintAreas(sheet: Sheet, site: SitePlace): void {
  const { c } = sheet;
  c.strokeStyle = colour("edge");
  c.lineWidth = 1.25;
  for (const area of site.areas) sheet.path(area, true);
}

/** Lines that crossings are counted over, each with its forward way and its name. */
export function paintLines(sheet: Sheet, site: SitePlace): void {
  const { c, frame } = sheet;
  for (const camera of site.cameras) {
    for (const line of camera.lines) {
      c.strokeStyle = colour("accent");
      c.lineWidth = 3;
      c.setLineDash([7, 4]);
      sheet.path([line.start, line.end], false);
      c.setLineDash([]);
      const [dx, dy] = [line.end[0] - line.start[0], line.end[1] - line.start[1]];
      const length = Math.hypot(dx, dy);
      const middle: Point = [(line.start[0] + line.end[0]) / 2, (line.start[1] + line.end[1]) / 2];
      // Forward is to the left of the way from start to end: on the screen, y runs down.
      const [ux, uy] = [-dy / length, -dx / length];
      const [x, y] = [frame.x(middle[0]), frame.y(middle[1])];
      sheet.arrow(x + ux * 11, y + uy * 11, ux, uy, 20, colour("accent"));
      const aside = 14 + Math.abs(ux) * sheet.half(line.name);
      sheet.tag(line.name, x - ux * aside, y - uy * aside, colour("accent"));
    }
  }
}

/** What each camera sees of the ground; of one that cannot be believed in another colour. */
export function paintWedges(sheet: Sheet, site: SitePlace, believed: Set<string>): void {
  const { c, frame } = sheet;
  for (const camera of site.cameras) {
    const [left, right] = camera.wedge;
    if (!left || !right) continue;
    const [x, y] = [frame.x(camera.at[0]), frame.y(camera.at[1])];
    c.fillStyle = colour(believed.has(camera.id) ? "wedge" : "wedge-bad");
    c.beginPath();
    c.moveTo(x, y);
    c.lineTo(frame.x(left[0]), frame.y(left[1]));
    c.lineTo(frame.x(right[0]), frame.y(right[1]));
    c.closePath();
    c.fill();
  }
}

/** Cameras with their names; one beyond `box` stands at its border. */
export function paintCameras(sheet: Sheet, site: SitePlace, believed: Set<string>, box: Box): void {
  const { c, frame } = sheet;
  const [x0, y0, x1, y1] = box;
  const [, scale] = scaleOf(sheet);
  // No name lies on the scale.
  const placed = [{ x: LEFT + scale / 2, y: sheet.height - 17, wide: scale / 2 + PAD }];
  for (const camera of site.cameras) {
    const good = believed.has(camera.id);
    const [atX, atY] = [Math.min(Math.max(camera.at[0], x0), x1), Math.min(Math.max(camera.at[1], y0), y1)];
    const away = Math.hypot(camera.at[0] - atX, camera.at[1] - atY);
    const [x, y] = [frame.x(atX), frame.y(atY)];
    paintDot(c, x, y, good);
    const below = y < sheet.height - 32;
    const name = away > 1 ? `${camera.name}, ${Math.round(away)} m farther` : camera.name;
    const wide = sheet.half(name) + PAD;
    const middle = sheet.within(x, wide);
    // On a narrow screen the names of cameras side by side stand one above the other.
    const free = (at: number): boolean =>
      placed.every((other) => Math.abs(other.x - middle) >= other.wide + wide || Math.abs(other.y - at) >= 20);
    const offsets = below ? [18, -18, -38, 38] : [-18, 18, -38, 38];
    const at = y + (offsets.find((offset) => free(y + offset)) ?? offsets[0]!);
    placed.push({ x: middle, y: at, wide });
    sheet.tag(name, x, at, colour(good ? "soft" : "bad"));
  }
}

function paintDot(c: CanvasRenderingContext2D, x: number, y: number, good: boolean): void {
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
}

/** A length in round metres, at the lower left. */
export function paintScale(sheet: Sheet): void {
  const { c } = sheet;
  const [metres, length] = scaleOf(sheet);
  const y = sheet.height - 10;
  c.strokeStyle = c.fillStyle = colour("soft");
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(LEFT, y - 5);
  c.lineTo(LEFT, y);
  c.lineTo(LEFT + length, y);
  c.lineTo(LEFT + length, y - 5);
  c.stroke();
  c.font = "12px system-ui, sans-serif";
  c.textAlign = "left";
  c.textBaseline = "bottom";
  c.fillText(`${metres} m`, LEFT + 5, y - 2);
}

/** How many metres the scale shows, and how long it is. */
function scaleOf({ frame }: Sheet): [metres: number, length: number] {
  const metres = roundStep(60 / frame.scale);
  return [metres, metres * frame.scale];
}

/** Where north is, for a y axis at `bearing` (degrees), at the upper right. */
export function paintNorth(sheet: Sheet, bearing: number): void {
  const { c } = sheet;
  c.save();
  c.translate(sheet.width - 20, 24);
  c.rotate((-bearing * Math.PI) / 180);
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
