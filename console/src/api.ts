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
  /** Those of the site itself; cameras have their own. */
  zones: { name: string; kind: string; polygon: Point[] }[];
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

/** A route by which alerts are delivered, and how it does. */
export interface RouteNow {
  name: string;
  kind: "cap" | "feed" | "mqtt" | "webhook" | "email";
  address: string;
  waiting: number;
  delivered: number;
  failed: number;
  last: number | null;
  retry: number | null;
  in_a_row: number;
  trouble: string;
  broken: boolean;
  takes: string;
}

/** A test that arrived. */
export interface Tested {
  route: string;
  id: string;
  said: string;
}

export type Fault = Flag | "blank" | "silent";

/** People now, and the part of the ground and of the cameras that this is about. */
export interface Crowd extends Estimate {
  known: number;
  cameras: number;
  believed: number;
}

export interface CityNow {
  t: number;
  name: string;
  simulated: boolean;
  /** The purpose covers a part of the sites: all of this but the capacity is about that part. */
  part: boolean;
  sites: number;
  crowd: Crowd;
  bounds: { correlation: number; low_independent: number | null; high_independent: number | null; low_together: number | null; high_together: number | null };
  faults: Partial<Record<Fault, number>>;
  districts: { name: string; sites: number; crowd: Crowd; faults: Partial<Record<Fault, number>>; alerts: { alarms: number; warnings: number } }[];
  districts_left_out: number;
  hottest: { id: string; name: string; district: string; count: number; low: number; high: number; density: number; known: number }[];
  unhealthy: { id: string; site: string; site_name: string; district: string; faults: Fault[]; since: number | null; state: string | null }[];
  alerts: { alarms: number; warnings: number };
  gravest_alerts: { id: string; site: string | null; site_name: string | null; zone: string | null; kind: AlertKind; level: AlertLevel; state: AlertState; raised_at: number; message: string }[];
  capacity: {
    readings_per_second: number | null;
    readings_expected: number;
    lag: number | null;
    bus_waiting: number | null;
    bus_bound: number | null;
    lenses: Record<string, number>;
    unsealed: number;
    disk_used: number;
    disk_bound: number;
    disk_free: number | null;
    oldest: number | null;
  };
  minutes: CountPoint[];
}

/** A part of the program that does not do its work now. */
export interface Trouble {
  part: "bus" | "store" | "permits" | "alerts" | "recordings" | "files" | "orders";
  /** As the log says it. */
  why: string;
}

export interface System {
  version: string;
  t: number;
  readings_per_second: number;
  /** Null: the store cannot be asked now. */
  disk: { used: number; bound: number; free: number | null; oldest: number | null } | null;
  /** site: what is measured is stored at the centre; centre: no camera runs from here. */
  role: "all" | "site" | "centre";
}

export type Quantity =
  | "density" | "pressure" | "oscillation" | "stop-and-go" | "surge" | "dispersal" | "counterflow" | "shear" | "inflow" | "reach";
export type AlertLevel = "warning" | "alarm";
export type AlertState = "raised" | "acknowledged" | "escalated" | "cleared";
/** What a person can do with an alert; each wants a reason. */
export type AlertAction = "acknowledge" | "escalate" | "clear";

export interface AlertStep {
  at: number;
  state: string;
  /** "Plainview" for what it did itself. */
  who: string;
  why: string;
}

export type EventKind =
  | "density" | "crowd-movement" | "zone-intrusion" | "wrong-way" | "left-object" | "person-down" | "fire" | "weapon";
/** What an alert may be about: an event, or a route that does not deliver. */
export type AlertKind = EventKind | "route" | "deletion";
export type EventStanding = "validated" | "experimental";

/** What a camera saw happen. About a place, never about a person. */
export interface FoundEvent {
  id: string;
  site: string;
  camera: string;
  kind: EventKind;
  start: number;
  /** Null: not over, or its end was not told. */
  end: number | null;
  at: Point;
  longitude: number;
  latitude: number;
  zone: string | null;
  /** 0 to 1. */
  confidence: number;
  standing: EventStanding;
}

/** A threshold that was crossed, or events that were seen. `value`, `low` and `high` are of the newest look. */
export interface Alert {
  id: string;
  /** Null: of no place, as a broken route and late deletion are. */
  site: string | null;
  /** Null: the whole site. */
  zone: string | null;
  kind: AlertKind;
  /** Null: it is about events, or a route; then it has no unit, threshold or peak either. */
  quantity: Quantity | null;
  level: AlertLevel;
  state: AlertState;
  raised_at: number;
  updated_at: number;
  cleared_at: number | null;
  value: number | null;
  low: number | null;
  high: number | null;
  peak: number | null;
  unit: string | null;
  threshold: number | null;
  /** Those that saw its events. */
  cameras: string[];
  /** Of the surest of its events, 0 to 1; null where it is about a number. */
  confidence: number | null;
  /** Since when no camera sees its events, which nobody saw end. */
  unseen_since: number | null;
  /** The route that does not work. */
  route: string | null;
  /** Where the threshold comes from. */
  source: string;
  /** Site metres, where it is worst. */
  at: Point | null;
  message: string;
  check: string[];
  history: AlertStep[];
  /** False: the store takes nothing now, and a power cut would lose what has changed. */
  durable?: boolean;
}

export type WatchState = "clear" | "rising" | "raised" | "cannot-tell" | "off";

/** The open alerts in short, for a page that does not list them. */
export interface CallsNow {
  alarms: number;
  warnings: number;
  /** Those that nobody has acknowledged. */
  calling: number;
  /** Twenty of those at most: alarms first, then the newest. */
  gravest: Alert[];
  /** What their sites are called. */
  names: Record<string, string>;
}

/** One threshold that is watched. */
export interface Watch {
  zone: string | null;
  quantity: Quantity;
  level: AlertLevel;
  threshold: number;
  unit: string;
  source: string;
  state: WatchState;
  value: number | null;
  low: number | null;
  high: number | null;
  why: string;
}

/** A number with the ends of its 90 % interval; null where it has no end, or is not known. */
export interface Interval {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** The physics of one zone, or with zone null of the whole site; null where not known. */
export interface ZoneQuantities {
  zone: string | null;
  /** 95th percentile of the cells, people/m². */
  density: Interval | null;
  /** Densest place, people/m². */
  peak: Interval | null;
  level: "A" | "B" | "C" | "D" | "E" | "F" | null;
  /** m/s. */
  speed: number | null;
  /** people/(m s). */
  flow: number | null;
  /** 1/s². */
  pressure: Interval | null;
  /** people. */
  occupancy: Interval | null;
  /** people/min. */
  inflow: number | null;
  outflow: number | null;
  /** Seconds. */
  dwell: number | null;
  /** Seconds until the density of an alarm. */
  reach: Interval | null;
  why: string | null;
  /** Whose levels of service are told. */
  facility: "walkway" | "stairs" | "queue";
}

export interface Quantities {
  t: number;
  zones: ZoneQuantities[];
}

/** The site now beside the same hour of earlier weeks. */
export interface Usual {
  hour_of_week: string;
  now: Estimate;
  usual: { median: number; low: number; high: number; days: number } | null;
  why: string | null;
}

/** Whether one camera may run, and why not. */
export interface CameraStanding {
  camera: string;
  site: string;
  state: string;
  why: string;
  capabilities: string[];
  permit: string;
  name: string;
  site_name: string;
  /** Where its pipeline stands on this machine; null: none was started here. */
  lens: string | null;
  /** Why that does not measure. */
  note: string;
  /** What the events that it may look for are good for, by its scorecard. */
  events: { kind: string; standing: "validated" | "experimental" | "off"; why: string }[];
}

/** What became of a stop order at a site that has not confirmed it. */
export interface SiteAnswer {
  site: string;
  name: string;
  state: "waits" | "lifted" | "refused" | "silent";
  /** UTC seconds at which the site last asked; 0: never. */
  heard: number;
  refusal: "" | "malformed" | "key" | "centre" | "old" | "unknown";
}

/** What became of a stop that was pressed at the centre, at the sites that it is for. */
export interface StopOrder {
  sites: number;
  confirmed: number;
  /** A hundred of those that have not confirmed it, at most. */
  others: SiteAnswer[];
  /** False: it waits for the centre's ledger, and no site is told before. */
  given: boolean;
  /** Of the confirmed, those that were not heard for two minutes. */
  unheard: number;
}

export interface StopNow {
  scope: string;
  since: number;
  why: string;
  agreed: string[];
  /** Whether it was pressed from the centre. */
  centre: boolean;
  /** At a centre; null elsewhere. */
  order: StopOrder | null;
}

export interface Standing {
  cameras: CameraStanding[];
  stops: StopNow[];
}

export interface Purpose {
  id: string;
  text: string;
  sites: string[];
}

export interface Session {
  /** Null: a visitor who has not signed in. */
  role: string | null;
  name: string | null;
  purpose: string | null;
  purposes: Purpose[];
  may: string[];
  /** What of the city runs here: at a site nothing that is measured is stored or watched. */
  machine: "all" | "site" | "centre";
  csrf: string | null;
  expires: number | null;
  sign_in: boolean;
}

/** A request that was answered with a problem, or not at all (`status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    /** The field or thing that it is about. */
    readonly where = "",
  ) {
    super(detail);
  }

  /** Whether nothing answered: what was asked may have been done all the same. */
  get unanswered(): boolean {
    return this.status === 0;
  }
}

let token = "";

/** Send `csrf` with every request that changes something. */
export function useToken(csrf: string | null): void {
  token = csrf ?? "";
}

/** Told of each answer that who asks may not have this: signed out, or without a purpose. */
let refused: (problem: Problem) => void = () => undefined;

/** Call `listener` for each answer 401 or 403. */
export function onRefused(listener: (problem: Problem) => void): void {
  refused = listener;
}

/** The JSON at `path` below /api/v1. Throws Problem; waits 8 s at most. */
export async function ask<T>(path: string): Promise<T> {
  return send<T>("GET", path);
}

/** As `ask`, for what is asked beside a page's own work: a purpose that is missing interrupts nobody. */
export async function askQuietly<T>(path: string): Promise<T> {
  return request<T>("GET", path, undefined, (problem) => problem.status === 401);
}

/** What `method` at `path` below /api/v1 answers to `body`. Throws Problem; waits 8 s at most. */
export async function send<T>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<T> {
  return request<T>(method, path, body, (problem) => problem.status === 401 || problem.status === 403);
}

/** Ask; `told` says of which problem the listener of `onRefused` is told. */
async function request<T>(method: string, path: string, body: unknown, told: (problem: Problem) => boolean): Promise<T> {
  const headers: Record<string, string> = {};
  if (method !== "GET") headers["Plainview-CSRF"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(8000),
      cache: "no-store",
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem(0, "Plainview does not answer");
  }
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as { detail?: string; mend?: string; where?: string };
    const problem = new Problem(answer.status, [said.detail ?? answer.statusText, said.mend].filter(Boolean).join(". "), said.where);
    if (told(problem)) refused(problem);
    throw problem;
  }
  try {
    const said = await answer.text();
    return (said === "" ? null : JSON.parse(said)) as T;
  } catch {
    // The connection broke off within the answer, or it was not whole within the time.
    throw new Problem(0, "Plainview does not answer");
  }
}
