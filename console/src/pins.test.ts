import { expect, it } from "vitest";
import type { Alert, SiteNow } from "./api";
import { alertRank, crowded, rankOf } from "./pins";

const at = (x: number, y: number, rank: number): { x: number; y: number; width: number; height: number; rank: number } => ({ x, y, width: 120, height: 50, rank });
const site = { cameras: 1, believed: 1, health: [], count: 3, known: 1 } as unknown as SiteNow;
const alarm = { level: "alarm" } as Alert;
const warning = { level: "warning" } as Alert;

it("pins that have room are whole, and of two that lie over each other the graver one", () => {
  expect(crowded([at(0, 0, 3), at(200, 0, 3)])).toEqual([false, false]);
  expect(crowded([at(0, 0, 3), at(60, 20, 0)])).toEqual([true, false]);
  // The one in the middle is small, so that both beside it are whole.
  expect(crowded([at(0, 0, 0), at(100, 0, 3), at(200, 0, 1)])).toEqual([false, true, false]);
  expect(crowded([])).toEqual([]);
});

it("an alarm comes before a warning, that before a broken camera, that before the fullest", () => {
  const ranks = [rankOf(site, [warning, alarm]), rankOf(site, [warning]), rankOf({ ...site, believed: 0 }, []), rankOf({ ...site, count: 900 }, []), rankOf(site, []), rankOf(undefined, [])];
  expect([...ranks].sort((a, b) => a - b)).toEqual(ranks);
  expect([alertRank([alarm]), alertRank([warning]), alertRank([])]).toEqual([0, 1, 2]);
});
