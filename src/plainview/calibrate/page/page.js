// The page's state, its input by pointer and keyboard, and its talk with the local server.
import { drawFigure, drawGrid, drawMark, label, project, stroke, toGround } from "/view.js";

const $ = (id) => document.getElementById(id);
const canvas = $("picture"), loupe = $("loupe");
// What a zone can be for, as CAMERA.toml has it, and in words.
const KINDS = {
  "zone-intrusion": "nobody may be here",
  "one-way": "one direction only",
  "density": "crowd too dense",
  "crowd-movement": "crowd out of the ordinary",
  "left-object": "object left behind",
  "person-down": "somebody on the ground",
  "fire": "smoke or flames",
  "weapon": "weapon",
};

let facts, image, scale = 1;
let mode = "points", by = "distances";
// All places are pixels of the frame; metres come from the solution at hand.
const state = { points: [], distances: new Map(), people: [], area: [], lines: [], zones: [] };
let answer = null, chosen = null, cross = null, hover = null, dragging = null, finished = false;

const el = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};
const round = (v) => Math.round(v * 100) / 100;
const solution = () => answer?.solution;
const matrix = () => solution()?.calibration.projection;

// Every place that can be chosen, dragged and deleted in this mode, in the order of marking.
function places() {
  switch (mode) {
    case "points": return state.points.map((m, k) => ({ at: m.at, kind: "point", name: `point ${k + 1}`, item: m }));
    case "people": return state.people.flatMap((m, k) => [
      { at: m.foot, kind: "foot", name: `foot of person ${k + 1}`, item: m },
      ...(m.head ? [{ at: m.head, kind: "head", name: `head of person ${k + 1}`, item: m }] : [])]);
    case "area": return state.area.map((at, k) => ({ at, kind: "shape", name: `corner ${k + 1}`, item: at }));
    default: return state[mode].flatMap((s, k) => s.at.map((at, i) => ({ at, kind: "shape", name: `${s.name}, place ${i + 1}`, item: s })));
  }
}

function hint() {
  const n = state[mode].length, last = state[mode][n - 1];
  const text = {
    points: () => n < 4 ? `Mark ${4 - n} more spot${n === 3 ? "" : "s"} on the ground that you can measure between: corners of paving, posts, kerbs.`
      : solution() ? "Compare: the grid lies flat on the ground, the figure is as tall as people near and far. Then save, or mark more."
        : "Type what is known of the points, or mark more: far apart, near and far.",
    people: () => last && !last.head ? `Now the top of the head of person ${n}.`
      : n < 3 ? `Mark the foot of a standing person (${3 - n} or more to go): between the feet, on the ground.`
        : "More people, near and far, left and right, make it better.",
    area: () => n ? `${n} corner${n > 1 ? "s" : ""}; three or more make the area.` : "Mark the area's corners in order, or leave it to the proposal.",
    lines: () => last && last.at.length < 2 ? "Now the line's end."
      : last ? "Mark the start of the next line, or save." : "Mark the start of a line.",
    zones: () => !last ? "Mark a zone's corners in order."
      : last.at.length < 3 ? `The zone "${last.name}" needs ${3 - last.at.length} more corner${last.at.length === 2 ? "" : "s"}.`
        : `The zone "${last.name}" has ${last.at.length} corners. Mark more, start the next zone, or save.`,
  }[mode]();
  $("hint").textContent = text;
}

function add(at) {
  at = at.map(round);
  if (mode === "points") state.points.push({ at, ground: ["", ""] });
  else if (mode === "people") {
    const last = state.people.at(-1);
    if (last && !last.head) last.head = at;
    else state.people.push({ foot: at, head: null, height: "" });
  } else if (mode === "area") state.area.push(at);
  else {
    const list = state[mode], last = list.at(-1);
    if (last && (mode === "zones" ? !last.closed : last.at.length < 2)) last.at.push(at);
    else list.push({ name: `${mode === "lines" ? "line" : "zone"} ${list.length + 1}`, at: [at], kind: "zone-intrusion", bearing: "90" });
  }
  chosen = places().find((p) => p.at === at) ?? null;
  changed(true);
}

function remove(item, at) {
  if (mode === "points") {
    const k = state.points.indexOf(item);
    state.points.splice(k, 1);
    // Distances are kept by the points' places in the list.
    const kept = [...state.distances].flatMap(([key, value]) => {
      const [i, j] = key.split("-").map(Number);
      return i === k || j === k ? [] : [[`${i - (i > k)}-${j - (j > k)}`, value]];
    });
    state.distances = new Map(kept);
  } else if (mode === "people") {
    if (at && at === item.head) item.head = null;
    else state.people.splice(state.people.indexOf(item), 1);
  } else if (mode === "area") state.area.splice(state.area.indexOf(item), 1);
  else {
    if (at) item.at.splice(item.at.indexOf(at), 1);
    if (!at || !item.at.length) state[mode].splice(state[mode].indexOf(item), 1);
  }
  chosen = null;
  changed(true);
}

const number = (text) => {
  const value = Number(String(text).trim().replace(",", "."));
  return String(text).trim() !== "" && Number.isFinite(value) ? value : null;
};

function marks() {
  const points = state.points.map((m, k) => {
    const ground = m.ground.map(number);
    return { pixel: m.at, name: String(k + 1), ...(by === "coordinates" && !ground.includes(null) ? { ground } : {}) };
  });
  const distances = by !== "distances" ? [] : [...state.distances].flatMap(([key, text]) => {
    const metres = number(text);
    return metres > 0 ? [{ between: key.split("-").map((k) => String(+k + 1)), metres }] : [];
  });
  const people = state.people.filter((m) => m.head).map((m) => {
    const height = number(m.height);
    return { foot: m.foot, head: m.head, ...(height ? { height } : {}) };
  });
  const height = number($("height").value);
  return { image_size: facts.image_size, points, distances, people, ...(height ? { height } : {}) };
}

// Only the newest question's answer is shown; while one is under way the next waits.
let asking = false, again = false, amiss = [];
async function ask() {
  if (asking) { again = true; return; }
  asking = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    do {
      again = false;
      const body = marks();
      if (!body.points.length && !body.people.length) { answer = null; break; }
      answer = await call("/api/solve", body);
      amiss = answer.solution ? await look() : [];
    } while (again);
  } finally {
    asking = false;
    document.body.removeAttribute("aria-busy");
  }
  showResult();
  hint();
  draw();
}

// What is amiss with the zones, by how the camera that is solved so far sees them.
async function look() {
  if (!state.zones.some((s) => s.at.length >= 3)) return [];
  try {
    return (await call("/api/look", saving(false))).amiss ?? [];
  } catch {
    return [];  // above the horizon: saving says it
  }
}

async function call(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (response.status === 204) return {};
    const told = await response.json().catch(() => null);
    if (response.ok && told) return told;
    return { wrong: `A value is not usable: ${told?.detail ?? response.status}` };
  } catch {
    return { wrong: "Plainview does not answer: it was stopped on the terminal. Start 'plainview calibrate' again." };
  }
}

let timer = 0;
function changed(rebuild) {
  if (rebuild) panel();
  hint();
  draw();
  clearTimeout(timer);
  timer = setTimeout(ask, 120);
}

function showResult() {
  const s = solution();
  const verdict = $("verdict");
  const told = answer?.wrong || answer?.wanting;
  verdict.className = answer?.wrong ? "bad" : "";
  verdict.textContent = !answer ? "Nothing is marked yet."
    : told ? told.replace(/^marks: /, "").replace(/^./, (c) => c.toUpperCase())
      : `RMS error ${s.rms_cm.toFixed(1)} cm; lengths are good to about ${Math.max(s.scale_percent, 0.1).toFixed(1)} %. `
        + `Camera ${s.height.toFixed(1)} m up, looking ${s.tilt.toFixed(0)}° down.`;
  $("notes").replaceChildren(...(s?.notes ?? []).map((n) => el("li", { textContent: `${n}.` })));
  const lines = amiss.map((text) => `${text.replace(/^./, (c) => c.toUpperCase())}.`);
  if ($("amiss").textContent !== lines.join("")) $("amiss").replaceChildren(...lines.map((textContent) => el("li", { textContent })));
  const rows = (s?.residuals ?? []).map((r) => el("tr", {},
    el("th", { scope: "row", textContent: `${r.kind === "person" ? "" : `${r.kind} `}${r.mark}` }),
    el("td", { className: r.left_out ? "number bad" : "number", textContent: `${r.cm < 100 ? `${r.cm.toFixed(1)} cm` : `${(r.cm / 100).toFixed(1)} m`}${r.left_out ? " (left out)" : ""}` })));
  $("residuals").hidden = !rows.length;
  $("residuals").tBodies[0].replaceChildren(...rows);
  $("save-button").disabled = !s || finished;
}

const field = (name, value, oninput, properties = {}) => {
  const input = el("input", { type: "text", inputMode: "decimal", size: 6, value, ...properties });
  input.setAttribute("aria-label", name);
  input.addEventListener("input", () => { oninput(input.value); changed(false); });
  return input;
};
const removal = (name, item) => {
  const button = el("button", { type: "button", textContent: "Delete" });
  button.setAttribute("aria-label", `Delete ${name}`);
  button.addEventListener("click", () => { remove(item); canvas.focus({ preventScroll: true }); });
  return button;
};
const line = (name, item, ...cells) => {
  const row = el("tr", { className: chosen?.item === item ? "chosen" : "" },
    el("th", { scope: "row", textContent: name }), ...cells.map((c) => el("td", {}, c)), el("td", {}, removal(name, item)));
  return row;
};
const table = (heads, rows) => rows.length
  ? [el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col", textContent: h })))), el("tbody", {}, ...rows))] : [];

function panel() {
  const coordinates = by === "coordinates";
  const pairs = [];
  for (let i = 0; i < state.points.length; i++)
    for (let j = i + 1; j < state.points.length; j++) pairs.push([i, j]);
  $("points").replaceChildren(
    ...table(coordinates ? ["Point", "x, m", "y, m", ""] : ["Point", ""], state.points.map((m, k) => line(`${k + 1}`, m,
      ...(coordinates ? [0, 1].map((c) => field(`${"xy"[c]} of point ${k + 1} in metres`, m.ground[c], (v) => { m.ground[c] = v; })) : [])))),
    ...(coordinates ? [] : table(["Distance", "metres"], pairs.map(([i, j]) => {
      const input = field(`Distance from ${i + 1} to ${j + 1} in metres`, state.distances.get(`${i}-${j}`) ?? "",
        (v) => state.distances.set(`${i}-${j}`, v));
      input.addEventListener("focus", () => { hover = [i, j]; draw(); });
      input.addEventListener("blur", () => { hover = null; draw(); });
      return el("tr", {}, el("th", { scope: "row", textContent: `${i + 1} to ${j + 1}` }), el("td", {}, input));
    }))));
  $("people").replaceChildren(...table(["Person", "own height, m", ""], state.people.map((m, k) => line(`${k + 1}`, m,
    field(`Height of person ${k + 1} in metres, if known`, m.height, (v) => { m.height = v; }, { placeholder: "average" })))));
  $("area").replaceChildren(...table(["Corner", ""], state.area.map((at, k) => line(`${k + 1}`, at))));
  const named = (s) => field("Name", s.name, (v) => { s.name = v; }, { inputMode: "text", size: 10, maxLength: 64 });
  $("lines").replaceChildren(...table(["Line", "name", ""], state.lines.map((s, k) => {
    const turn = el("button", { type: "button", textContent: "Turn round" });
    turn.addEventListener("click", () => { s.at.reverse(); changed(true); });
    return line(`${k + 1}`, s, el("span", { className: "row" }, named(s), turn));
  })));
  $("zones").replaceChildren(...table(["Zone", "name and purpose", ""], state.zones.map((s, k) => {
    const kind = el("select", {}, ...Object.entries(KINDS).map(([v, words]) => el("option", { value: v, textContent: words, selected: v === s.kind })));
    kind.setAttribute("aria-label", `Purpose of zone ${k + 1}`);
    kind.addEventListener("change", () => { s.kind = kind.value; changed(true); });
    const bearing = s.kind === "one-way" ? [field("Allowed direction in degrees, from x towards y", s.bearing, (v) => { s.bearing = v; }, { title: "degrees, from x towards y" }), "°"] : [];
    return line(`${k + 1}`, s, el("span", { className: "row" }, named(s), kind, ...bearing));
  })));
  $("new-zone").disabled = !(state.zones.at(-1)?.at.length >= 3);
}

// ---- drawing

function draw() {
  if (!image) return;
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = (width * image.naturalHeight) / image.naturalWidth;
  if (canvas.width !== Math.round(width * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
  }
  scale = width / image.naturalWidth;
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.drawImage(image, 0, 0, width, height);
  // Pixel centres are whole numbers: the picture's corner is at (-0.5, -0.5).
  g.translate(0.5 * scale, 0.5 * scale);
  const p = matrix();
  if (p) {
    drawGrid(g, p, scale, answer.area, Number($("spacing").value));
    outline(g, p);
  }
  shapes(g);
  if (mode === "points" || mode === "people") evidence(g);
  for (const place of places()) drawMark(g, place.at[0] * scale, place.at[1] * scale, place.kind, chosen?.at === place.at);
  const here = chosen && !dragging && document.activeElement === canvas && !cross ? chosen.at : cross;
  if (p && here && $("figure").checked) {
    const ground = toGround(p, ...here);
    if (ground) {
      drawFigure(g, p, scale, ...ground, facts.body);
      label(g, `${ground[0].toFixed(1)}, ${ground[1].toFixed(1)} m`, here[0] * scale + 12, here[1] * scale + 18, "#ffd54a");
    }
  }
  if (cross) {
    g.beginPath();
    g.moveTo((cross[0] - 8 / scale) * scale, cross[1] * scale);
    g.lineTo((cross[0] + 8 / scale) * scale, cross[1] * scale);
    g.moveTo(cross[0] * scale, cross[1] * scale - 8);
    g.lineTo(cross[0] * scale, cross[1] * scale + 8);
    g.lineWidth = 1;
    g.strokeStyle = "#fff";
    g.stroke();
  }
  magnify(here);
}

function outline(g, p) {
  const corners = state.area.length >= 3 ? state.area : answer.area.map((q) => project(p, q[0], q[1], 0));
  g.beginPath();
  for (const q of corners) g.lineTo(q[0] * scale, q[1] * scale);
  g.closePath();
  stroke(g, "#9dff8a", 2);
}

function shapes(g) {
  for (const s of state.lines) {
    if (s.at.length < 2) continue;
    const [a, b] = s.at.map((q) => q.map((v) => v * scale));
    g.beginPath();
    g.moveTo(...a);
    g.lineTo(...b);
    // Forward is left of the way from start to end, seen from above; the picture's y runs down.
    const long = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const n = [(b[1] - a[1]) / long, -(b[0] - a[0]) / long];
    g.moveTo(...middle);
    g.lineTo(middle[0] + 26 * n[0], middle[1] + 26 * n[1]);
    const tip = [middle[0] + 26 * n[0], middle[1] + 26 * n[1]];
    for (const side of [-1, 1]) {
      g.moveTo(...tip);
      g.lineTo(tip[0] - 8 * n[0] + side * 6 * n[1], tip[1] - 8 * n[1] - side * 6 * n[0]);
    }
    stroke(g, "#d8a6ff", 2);
    label(g, s.name, middle[0] + 32 * n[0], middle[1] + 32 * n[1], "#e8ccff");
  }
  for (const s of state.zones) {
    g.beginPath();
    for (const q of s.at) g.lineTo(q[0] * scale, q[1] * scale);
    if (s.at.length > 2) g.closePath();
    stroke(g, "#d8a6ff", 2);
    label(g, s.name, s.at[0][0] * scale + 10, s.at[0][1] * scale - 10, "#e8ccff");
  }
}

function evidence(g) {
  if (hover) {
    g.beginPath();
    for (const k of hover) g.lineTo(...state.points[k].at.map((v) => v * scale));
    stroke(g, "#ffffff", 2);
  }
  state.points.forEach((m, k) => label(g, `${k + 1}`, m.at[0] * scale + 10, m.at[1] * scale - 8, "#ffc39c"));
  state.people.forEach((m, k) => {
    if (m.head) {
      g.beginPath();
      g.moveTo(...m.foot.map((v) => v * scale));
      g.lineTo(...m.head.map((v) => v * scale));
      stroke(g, "#ff9d5c", 1.5);
    }
    label(g, `${k + 1}`, m.foot[0] * scale + 9, m.foot[1] * scale + 4, "#ffc39c");
  });
}

function magnify(at) {
  loupe.hidden = !at || !$("magnify").checked;
  if (loupe.hidden) return;
  loupe.classList.toggle("right", at[0] * scale < canvas.clientWidth / 2 && at[1] * scale < 260);
  const g = loupe.getContext("2d"), size = loupe.width, times = 8;
  const side = size / times;
  g.imageSmoothingEnabled = false;
  g.fillStyle = "#000";
  g.fillRect(0, 0, size, size);
  g.drawImage(image, at[0] + 0.5 - side / 2, at[1] + 0.5 - side / 2, side, side, 0, 0, size, size);
  g.beginPath();
  for (const [a, b] of [[0, 0.44], [0.56, 1]]) {
    g.moveTo(a * size, size / 2);
    g.lineTo(b * size, size / 2);
    g.moveTo(size / 2, a * size);
    g.lineTo(size / 2, b * size);
  }
  stroke(g, "#ffffff", 1);
}

// ---- input

const pixel = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / scale - 0.5, (event.clientY - box.top) / scale - 0.5];
};
const within = ([u, v]) => [Math.min(Math.max(u, 0), facts.image_size[0] - 1), Math.min(Math.max(v, 0), facts.image_size[1] - 1)];

function nearest(at, reach) {
  let best = null, least = reach / scale;
  for (const place of places()) {
    const d = Math.hypot(place.at[0] - at[0], place.at[1] - at[1]);
    if (d < least) [best, least] = [place, d];
  }
  return best;
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || finished) return;
  canvas.focus({ preventScroll: true });
  canvas.setPointerCapture(event.pointerId);
  const at = pixel(event), hit = nearest(at, event.pointerType === "touch" ? 26 : 14);
  if (hit) {
    chosen = hit;
    dragging = { place: hit, from: at, start: [...hit.at], moved: false };
  } else {
    dragging = { place: null };
  }
  cross = within(at);
  panel();
  draw();
});
canvas.addEventListener("pointermove", (event) => {
  const at = pixel(event);
  cross = within(at);
  const d = dragging;
  if (d?.place) {
    if (d.moved || Math.hypot(at[0] - d.from[0], at[1] - d.from[1]) * scale > 3) {
      d.moved = true;
      // In place: the mark keeps its identity while it is dragged.
      [0, 1].forEach((k) => { d.place.at[k] = round(within([d.start[0] + at[0] - d.from[0], d.start[1] + at[1] - d.from[1]])[k]); });
      cross = [...d.place.at];
      changed(false);
    }
  }
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  const d = dragging;
  dragging = null;
  // A new mark is set on release, so that a finger can be slid to the spot under the magnifier.
  if (d && !d.place) add(within(pixel(event)));
  if (event.pointerType === "touch") cross = null;
  draw();
});
canvas.addEventListener("pointercancel", () => { dragging = null; });
canvas.addEventListener("pointerleave", () => { if (!dragging) { cross = null; draw(); } });
canvas.addEventListener("keydown", (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const list = places();
  if (finished) return;
  if (way) {
    const step = event.shiftKey ? 10 : event.altKey ? 0.25 : 1;
    if (chosen) {
      within([chosen.at[0] + step * way[0], chosen.at[1] + step * way[1]]).forEach((v, k) => { chosen.at[k] = round(v); });
      cross = null;
      changed(false);
    } else {
      cross = within([(cross?.[0] ?? facts.image_size[0] / 2) + step * way[0], (cross?.[1] ?? facts.image_size[1] / 2) + step * way[1]]);
      draw();
    }
  } else if (event.key === "Enter" && !chosen) {
    add(cross ?? facts.image_size.map((v) => v / 2));
    cross = [...chosen.at];
    chosen = null;
    draw();
  } else if (event.key === "PageDown" || event.key === "PageUp") {
    const k = list.findIndex((p) => p.at === chosen?.at), n = list.length;
    if (n) chosen = list[event.key === "PageDown" ? (k + 1) % n : (k <= 0 ? n : k) - 1];
    cross = null;
    if (chosen) $("hint").textContent = `Selected: ${chosen.name}.`;
    panel();
    draw();
  } else if ((event.key === "Delete" || event.key === "Backspace") && chosen) remove(chosen.item, chosen.at);
  else if (event.key === "Escape") { chosen = null; panel(); draw(); }
  else return;
  event.preventDefault();
});
canvas.addEventListener("focus", draw);
canvas.addEventListener("blur", draw);

const tabs = [...$("tabs").children];
function turnTo(tab) {
  mode = tab.id.slice(4);
  chosen = null;
  for (const t of tabs) {
    t.setAttribute("aria-selected", t === tab);
    t.tabIndex = t === tab ? 0 : -1;
    $(`pane-${t.id.slice(4)}`).hidden = t !== tab;
  }
  panel();
  hint();
  draw();
}
for (const tab of tabs) {
  tab.addEventListener("click", () => turnTo(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    turnTo(next);
    next.focus();
  });
}
for (const radio of document.querySelectorAll("input[name=by]"))
  radio.addEventListener("change", () => { by = radio.value; changed(true); });
for (const id of ["spacing", "figure", "magnify"]) $(id).addEventListener("change", draw);
$("height").addEventListener("input", () => changed(false));
$("new-zone").addEventListener("click", () => { state.zones.at(-1).closed = true; chosen = null; changed(true); });
new ResizeObserver(draw).observe(canvas);

// ---- saving

function saving(overwrite) {
  const p = matrix();
  const ground = (list, what) => list.map((at) => {
    const q = toGround(p, ...at);
    if (!q) throw new Error(`${what} reaches above the horizon: move its places onto the ground`);
    return q.map((v) => Math.round(v * 1000) / 1000);
  });
  return {
    marks: marks(), id: $("id").value, overwrite,
    area: state.area.length >= 3 ? ground(state.area, "The area") : [],
    lines: state.lines.filter((s) => s.at.length === 2).map((s) => {
      const [from, to] = ground(s.at, s.name);
      return { name: s.name, from, to };
    }),
    zones: state.zones.filter((s) => s.at.length >= 3).map((s) => {
      const turn = ((number(s.bearing) ?? 90) * Math.PI) / 180;
      return { name: s.name, kind: s.kind, polygon: ground(s.at, s.name),
        ...(s.kind === "one-way" ? { direction: [Math.cos(turn), Math.sin(turn)].map((v) => Math.round(v * 1e4) / 1e4) } : {}) };
    }),
  };
}

async function save(overwrite) {
  let told;
  try {
    told = await call("/api/save", saving(overwrite));
  } catch (error) {
    told = { wrong: error.message };
  }
  if (told.exists) $("overwrite").showModal();
  else end(told.saved ? `Saved to ${told.saved}. You may close this page: the terminal says what comes next.` : told.wrong, Boolean(told.saved));
}
function end(text, done) {
  finished = done;
  $("saved").className = done ? "" : "bad";
  $("saved").textContent = text;
  $("saved").scrollIntoView({ block: "nearest" });
  if (done) for (const control of document.querySelectorAll(".panel button, .panel input, .panel select")) control.disabled = true;
}
// In words: a browser's own say only that a format was not matched.
$("id").addEventListener("input", () => $("id").setCustomValidity(""));
$("id").addEventListener("invalid", () => $("id").setCustomValidity(
  "An id has letters, digits, '.', '_' and '-' alone, and begins with a letter or a digit, such as plaza-north."));
$("save").addEventListener("submit", (event) => { event.preventDefault(); save(false); });
$("yes").addEventListener("click", () => { $("overwrite").close(); save(true); });
$("no").addEventListener("click", () => $("overwrite").close());
$("close").addEventListener("click", async () => { await call("/api/close", {}); end("Closed. Nothing was saved. You may close this page.", true); });

async function start() {
  facts = await (await fetch("/api/frame")).json();
  $("video").textContent = facts.name;
  $("id").value = facts.id;
  $("out").textContent = facts.out.split("/").at(-1);
  $("out").title = facts.out;
  $("overwrite-text").textContent = `${facts.out} exists already. Overwrite it?`;
  image = new Image();
  image.src = "/frame.png";
  await image.decode();
  panel();
  hint();
  draw();
  document.documentElement.dataset.ready = "yes";
}
start();
