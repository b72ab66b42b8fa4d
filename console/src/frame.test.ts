import { describe, expect, it } from "vitest";
import { frameOf } from "./frame";

describe("the frame of the plan", () => {
  it("shows all of the ground, in the middle, north up", () => {
    const { x, y, scale } = frameOf([-5, 0, 15, 10], 460, 300);
    expect(scale).toBe(20);
    expect([x(-5), x(15)]).toEqual([30, 430]);
    expect([y(10), y(0)]).toEqual([50, 250]);
  });

  it("finds the ground under a place of the canvas again", () => {
    const frame = frameOf([-5, 0, 15, 10], 700, 300);
    const [east, north] = frame.ground(frame.x(3.25), frame.y(7.5));
    expect(east).toBeCloseTo(3.25, 9);
    expect(north).toBeCloseTo(7.5, 9);
  });

  it("never shrinks to nothing where the canvas is tiny", () => {
    expect(frameOf([0, 0, 100, 100], 10, 10).scale).toBe(0.1);
  });
});
