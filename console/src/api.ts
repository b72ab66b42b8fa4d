/** What the API answers (see /schema), and how to ask it. */

export type Point = [number, number];
export type Run = [start: number, length: number];
export type Cell = [ix: number, iy: number, density: number, vx: number, vy: number, variance: number];
export type Flag = "blind" | "moved" | "blurred" | "dark" | "frozen" | "late" | "lost";

export interface Grid {
  origin: Point;
  cell: number;
  shape: [nx: number, ny: number];
}

export interface Estimate {
  count: number | null;
  low: number | null;
  high: number | null;
}

export interface SiteNow extends Estimate {
  id: string;
  name: string;
  simulated: boolean;
  longitude: number;
  latitude: number;
  footprint: Point[][];
  known: number;
  measured: number | null;
  cameras: number;
  believed: number;
  unsealed: number;
  health: Flag[];
}

export interface Line {
  name: string;
  start: Point;
  end: Point;
}

export interface CameraPlace {
  id: string;
  name: string;
  at: Point;
  height: number;
  wedge: Point[];
  area: Point[];
  every: number;
  grid: Grid;
  lines: Line[];
  zones: { name: string; kind: string; polygon: Point[] }[];
}

export interface SitePlace {
  id: string;
  name: string;
  simulated: boolean;
  longitude: number;
  latitude: number;
  bearing: number;
  grid: Grid;
  areas: Point[][];
  inside: Run[];
  uncovered: Run[];
  cameras: CameraPlace[];
}

export interface Camera extends Estimate {
  id: string;
  name: string;
  believed: boolean;
  health: Flag[];
  stale: boolean;
  measured: number | null;
  sealed: boolean | null;
  connected: boolean | null;
  state: string | null;
  restarts: number;
  reconnects: number;
  late: number;
  refused: number;
  readings_per_second: number;
  plate: string;
  note: string;
}

export interface SiteField extends Estimate {
  t: number;
  measured: number | null;
  known: number;
  cells: Cell[];
  unknown: Run[];
  cameras: Camera[];
}

export type CountPoint = [t: number, count: number | null, low: number | null, high: number | null, known: number];

export interface CountSeries {
  since: number;
  until: number;
  step: number;
  points: CountPoint[];
}

export interface Crossing {
  line: string;
  start: Point;
  end: Point;
  cameras: string[];
  forward: number;
  backward: number;
  last_forward: number;
  last_backward: number;
  unhealthy: number;
}

export interface System {
  version: string;
  t: number;
  readings_per_second: number;
  disk: { used: number; bound: number; free: number; oldest: number | null };
}

/** A request that was answered with a problem, or not at all (`status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** The JSON at `path` below /api/v1. Throws Problem; waits 8 s at most. */
export async function ask<T>(path: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, { signal: AbortSignal.timeout(8000), cache: "no-store" });
  } catch {
    throw new Problem(0, "Plainview does not answer");
  }
  if (!answer.ok) {
    const body = (await answer.json().catch(() => ({}))) as { detail?: string; mend?: string };
    throw new Problem(answer.status, [body.detail ?? answer.statusText, body.mend].filter(Boolean).join(". "));
  }
  return (await answer.json()) as T;
}
