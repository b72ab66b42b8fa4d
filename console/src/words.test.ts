import { describe, expect, it } from "vitest";
import type { Alert, Camera, SiteNow, Usual, Watch } from "./api";
import { alertSaid, alertAt, alertSays, alertState, alertTitle, amount, bytes, cameraState, capital, compass, countWords, estimate, figure, FLAGS, foreseen, quietSites, quietWords, range, seal, sentence, share, siteOf, siteState, span, threshold, unknownWords, usualSays, usualWords, watchSummary, whole, zoneOfTimes } from "./words";

const camera: Camera = {
  id: "a", name: "A", believed: true, health: [], stale: false, measured: 100, count: 3, low: 1, high: 5,
  sealed: true, connected: true, state: "running", restarts: 0, reconnects: 0, late: 0, refused: 0,
  readings_per_second: 1, plate: "learned", note: "",
};
const site: SiteNow = {
  id: "s", name: "S", simulated: false, longitude: 0, latitude: 0, footprint: [], count: 3, low: 1, high: 5,
  known: 1, measured: 100, cameras: 2, believed: 2, unsealed: 0, health: [],
};

describe("numbers", () => {
  it("do not call a camera unbelievable where nothing was measured at all", () => {
    expect(unknownWords(null)).toBe("Not known at this moment");
    expect(unknownWords(100)).toBe("Not known: camera cannot be believed");
  });
  it("give an estimate with its interval widened to whole people", () => {
    expect(estimate({ count: 42.4, low: 38.2, high: 46.1 })).toBe("42 (38 to 47)");
    expect(range({ count: 0, low: 0, high: 0.2 })).toBe("0 to 1");
  });

  it("never make an unknown count a number", () => {
    expect(estimate({ count: null, low: null, high: null })).toBe("not known");
  });

  it("never round an unknown part away", () => {
    expect(share(0.9999)).toBe("99 %");
    expect(share(1)).toBe("100 %");
    expect(whole(0.99)).toBe(false);
  });

  it("have units that people use", () => {
    expect([-3, 0, 0.9, 1, 12, 240, 7200, 400_000].map(span)).toEqual(["less than a second", "less than a second", "less than a second", "1 s", "12 s", "4 min", "2 h", "5 days"]);
    expect(["inflow", "density"].map((name) => figure(name, -0.04))).toEqual(["0", "0.0"]);
    expect(figure("inflow", -3)).toBe("−3");
    expect([0, 999, 1500, 123_000_000, 2e9].map(bytes)).toEqual(["0 B", "999 B", "1.5 kB", "123 MB", "2.0 GB"]);
  });
});

describe("states", () => {
  it("do not say that no picture arrives where pictures arrive late", () => {
    const told = cameraState({ ...camera, believed: false, health: ["late", "lost"] }, 101);
    expect(told.what).toBe("Pictures arrive too late to be measured");
    expect(told.mend).not.toContain("power");
    expect(cameraState({ ...camera, believed: false, health: ["dark", "lost"] }, 101).what).toBe("Too dark to measure; No picture gets through");
  });

  it("send nobody to the power of a camera that is connected", () => {
    for (const silent of [{ health: ["lost" as const] }, { stale: true }]) {
      const told = (connected: boolean): string => cameraState({ ...camera, believed: false, ...silent, connected }, 160).mend;
      expect(told(true)).toContain("this machine or the network to it has too much to do");
      expect(told(true)).not.toContain("power");
      expect(told(false)).toContain("power");
    }
  });

  it("say for each flag what it means and what to do", () => {
    for (const flag of Object.keys(FLAGS) as (keyof typeof FLAGS)[]) {
      const told = cameraState({ ...camera, believed: false, health: [flag], connected: flag !== "lost" }, 101);
      expect(told.grade).toBe("bad");
      expect(told.what).toBe(FLAGS[flag].what);
      expect(told.mend.length).toBeGreaterThan(10);
    }
  });

  it("tell a silent camera from one that measures", () => {
    expect(cameraState(camera, 101)).toEqual({ grade: "good", what: "Measuring", mend: "" });
    expect(cameraState({ ...camera, stale: true }, 160).what).toBe("No measurement for 60 s");
    expect(cameraState({ ...camera, measured: null, state: "starting" }, 160).grade).toBe("warn");
    expect(cameraState({ ...camera, measured: null, state: null, connected: null }, 160).what).toBe("Starting");
    expect(cameraState({ ...camera, measured: null, connected: false }, 160).what).toBe("Has not measured yet");
    expect(cameraState({ ...camera, believed: false }, 101).grade).toBe("warn");
    expect(cameraState({ ...camera, state: "ended", note: "no such file" }, 101).mend).toBe("no such file");
    expect(cameraState({ ...camera, state: "restarting", note: "it crashed" }, 101)).toEqual({ grade: "bad", what: "Restarting", mend: "it crashed" });
  });

  it("name how many of a site's cameras cannot be believed, and why", () => {
    expect(siteState(site).grade).toBe("good");
    expect(siteState({ ...site, believed: 1, health: ["blind"] }).what).toBe("1 of 2 cameras cannot be believed: cannot see: covered or sprayed");
    expect(siteState({ ...site, believed: 0 }).what).toContain("no fresh measurement");
  });

  it("never take an unknown seal for a seal", () => {
    expect(seal(null).what).toBe("Not known");
    expect(seal(false)).toEqual({ grade: "bad", what: "UNSEALED" });
  });
});

it("a direction is told by the compass, with the ground's bearing", () => {
  expect(compass(0, 1, 0)).toBe("north");
  expect(compass(1, 0, 0)).toBe("east");
  expect(compass(0, 1, 90)).toBe("east");
  expect(compass(-1, -1, 0)).toBe("south-west");
  expect(compass(0, 1, 350)).toBe("north");
});

it("makes a sentence of what is told, and leaves an address as it is", () => {
  expect(sentence("the store is full")).toBe("The store is full.");
  expect(capital("élan")).toBe("Élan");
  expect(capital("27 people")).toBe("27 people");
  expect(capital("")).toBe("");
  expect(sentence("http://mail.example: cannot be reached")).toBe("http://mail.example: cannot be reached.");
});

describe("alerts", () => {
  const alert: Alert = {
    id: "a", site: "s", zone: "Gate", kind: "density", quantity: "density", level: "alarm", state: "raised",
    raised_at: 0, updated_at: 0, cleared_at: null, value: 6.14, low: 5.4, high: 6.8, peak: 6.3, unit: "people/m²",
    threshold: 5, source: "Fruin", at: null, cameras: [], confidence: null, unseen_since: null, route: null, message: "", check: [],
    history: [{ at: 0, state: "raised", who: "Plainview", why: "" }],
  };

  it("tell their value with its interval beside the threshold", () => {
    expect(amount(alert)).toBe("6.1 people/m² (5.4 to 6.8)");
    expect(threshold(alert)).toBe("alarm from 5.0 people/m²");
    expect(amount({ ...alert, value: null })).toBe("not known");
    expect(alertTitle({ ...alert, zone: null, level: "warning" })).toBe("Warning: Density, whole site");
  });

  it("tell events by the cameras that saw them", () => {
    const seen: Alert = { ...alert, kind: "fire", quantity: null, unit: null, threshold: null, peak: null, value: null, cameras: ["a-1", "a-2"], confidence: 0.84 };
    expect(alertTitle(seen)).toBe("Alarm: Smoke or flames, Gate");
    expect(alertSays(seen)).toBe("2 cameras, 84 % sure: a-1, a-2");
    expect(alertSays({ ...seen, cameras: ["a-1"] })).toBe("Camera a-1, 84 % sure");
    expect(alertSays(alert)).toBe("6.1 people/m² (5.4 to 6.8); alarm from 5.0 people/m²");
    expect(alertSaid({ ...alert, peak: 6.4 })).toBe("highest 6.4 people/m²; alarm from 5.0 people/m²");
    expect(alertSaid({ ...alert, peak: null })).toBe("alarm from 5.0 people/m²");
    expect(alertSaid(seen)).toBe(alertSays(seen));
    expect(alertAt(seen, "Plaza")).toBe("Smoke or flames, Gate, Plaza");
    const broken = { ...seen, kind: "route" as const, cameras: [], route: "mail", zone: null, site: null };
    const names = (site: string): string => (site === "plaza" ? "Plaza" : site);
    expect(alertAt(broken, siteOf(broken, names))).toBe("Alerts do not arrive by mail");
    expect(siteOf({ ...seen, site: "plaza" }, names)).toBe("Plaza");
    const stuck = { ...seen, kind: "route" as const, state: "raised" as const, cameras: [], route: "mail", history: [{ at: 0, state: "raised", who: "Plainview", why: "nobody answers" }] };
    expect(alertSays(stuck)).toBe("nobody answers");
    expect(alertSays({ ...seen, state: "cleared", kind: "route", cameras: [], route: "mail", message: "Over: it works again (route mail)." })).toBe("Over: it works again (route mail)");
  });

  it("tell a time in minutes, and that less of it is worse", () => {
    const reach: Alert = { ...alert, quantity: "reach", unit: "s", value: 300, low: 240, high: 420, threshold: 600 };
    expect(amount(reach)).toBe("5 min (4 min to 7 min)");
    expect(threshold(reach)).toBe("alarm below 10 min");
    expect(amount({ ...reach, high: null })).toBe("5 min (4 min or later)");
    expect(foreseen({ value: null, low: 600, high: null })).toBe("10 min at the earliest");
    expect(foreseen(null)).toBe("not foreseen");
  });

  it("name who did what last", () => {
    expect(alertState(alert)).toBe("Not acknowledged");
    const seen = { ...alert, state: "acknowledged" as const, history: [...alert.history, { at: 1, state: "acknowledged", who: "Kim", why: "seen" }] };
    expect(alertState(seen)).toBe("Acknowledged by Kim");
  });

  it("are counted by level", () => {
    expect(countWords([])).toBe("");
    expect(countWords([alert, { ...alert, level: "warning" }, { ...alert, level: "warning" }])).toBe("▲ 1 alarm, 2 warnings");
  });

  it("are watched for, which is summed up in one line", () => {
    const watch = { zone: null, quantity: "density", level: "alarm", threshold: 5, unit: "", source: "", value: null, low: null, high: null, why: "" } as const;
    const watches: Watch[] = [{ ...watch, state: "clear" }, { ...watch, state: "cannot-tell" }, { ...watch, state: "clear" }];
    expect(watchSummary(watches)).toBe("3 thresholds are watched: 2 clear, 1 cannot be told.");
    expect(quietWords(watches)).toEqual({ words: "No open alerts, but 1 of 3 thresholds cannot be told. This does not mean that all is well.", sure: false });
    expect(quietWords(watches.slice(0, 1)).sure).toBe(true);
    expect(quietWords([...watches, { ...watch, state: "off" }]).words).toContain("but 1 of 4 thresholds cannot be told, and 1 of 4 thresholds is off.");
    expect(watchSummary([])).toBe("No thresholds are set for this site.");
    expect(quietSites([{ cameras: 2, believed: 0 }]).words).toContain("but none of the 2 cameras can be believed.");
    expect(quietSites([{ cameras: 1, believed: 0 }]).words).toContain("but the camera cannot be believed.");
    expect(quietSites([{ cameras: 2, believed: 1 }, { cameras: 3, believed: 3 }])).toEqual({ words: "No open alerts, but 1 of 5 cameras cannot be believed. This does not mean that all is well.", sure: false });
    expect(quietSites([{ cameras: 2, believed: 2 }])).toEqual({ words: "No open alerts.", sure: true });
  });
});

it("now is more than usual only where the intervals do not meet", () => {
  const told: Usual = { hour_of_week: "", now: { count: 100, low: 90, high: 110 }, usual: { median: 60, low: 50, high: 80, days: 4 }, why: null };
  expect(usualWords(told).what).toBe("More people than usual");
  expect(usualWords({ ...told, now: { count: 85, low: 75, high: 95 } }).what).toBe("As usual");
  expect(usualWords({ ...told, now: { count: 20, low: 10, high: 30 } }).what).toBe("Fewer people than usual");
  expect(usualWords(told, 0.4).what).toBe("More people than usual");
  expect(usualWords({ ...told, now: { count: 20, low: 10, high: 30 } }, 0.4).what).toBe("Cannot be compared");
  expect(usualSays(told)).toBe("Usually about 60: on half of the 4 days measured it was between 50 and 80.");
  expect(usualSays({ ...told, usual: null, why: "too few days" })).toBe("Too few days.");
  expect(usualWords({ ...told, usual: null }).what).toBe("Cannot be compared");
  expect(usualWords({ ...told, now: { count: null, low: null, high: null } }).what).toBe("Cannot be compared");
});

describe("the zone of times", () => {
  it("is told as what is added to UTC, with its name", () => {
    expect(zoneOfTimes(-330, "Asia/Kolkata")).toBe("Times here: UTC+05:30 (Asia/Kolkata)");
    expect(zoneOfTimes(210, "America/St_Johns")).toBe("Times here: UTC−03:30 (America/St_Johns)");
    expect(zoneOfTimes(0, "UTC")).toBe("Times here: UTC");
    expect(zoneOfTimes(-60, "")).toBe("Times here: UTC+01:00");
  });
});
