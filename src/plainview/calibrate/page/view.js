// Projection on the page and what is drawn over the frame: grid, figure, marks.

export function project(p, x, y, z) {
  const w = p[2][0] * x + p[2][1] * y + p[2][2] * z + p[2][3];
  return [
    (p[0][0] * x + p[0][1] * y + p[0][2] * z + p[0][3]) / w,
    (p[1][0] * x + p[1][1] * y + p[1][2] * z + p[1][3]) / w,
    w,
  ];
}

// Ground metres under pixel (u, v), or null at and above the horizon.
export function toGround(p, u, v) {
  const a = p[0][0] - u * p[2][0], b = p[0][1] - u * p[2][1], c = u * p[2][3] - p[0][3];
  const d = p[1][0] - v * p[2][0], e = p[1][1] - v * p[2][1], f = v * p[2][3] - p[1][3];
  const det = a * e - b * d;
  if (Math.abs(det) < 1e-12) return null;
  const x = (c * e - b * f) / det, y = (a * f - c * d) / det;
  return p[2][0] * x + p[2][1] * y + p[2][3] > 1e-6 && Math.hypot(x, y) < 1e6 ? [x, y] : null;
}

// Every line is drawn twice, dark under light, so that it shows on any picture.
export function stroke(g, colour, width) {
  g.lineWidth = width + 2;
  g.strokeStyle = "#000a";
  g.stroke();
  g.lineWidth = width;
  g.strokeStyle = colour;
  g.stroke();
}

export function label(g, text, x, y, colour) {
  g.font = "600 13px system-ui, sans-serif";
  g.lineWidth = 4;
  g.strokeStyle = "#000c";
  g.lineJoin = "round";
  g.strokeText(text, x, y);
  g.fillStyle = colour;
  g.fillText(text, x, y);
}

// The part of a ground segment at a depth of at least `near`, as two pixels; null if none.
function segment(p, a, b, near) {
  const depth = (q) => p[2][0] * q[0] + p[2][1] * q[1] + p[2][3];
  let da = depth(a), db = depth(b);
  if (da < near && db < near) return null;
  const cut = (q, r, dq, dr) => {
    const s = (near - dq) / (dr - dq);
    return [q[0] + s * (r[0] - q[0]), q[1] + s * (r[1] - q[1])];
  };
  if (da < near) a = cut(a, b, da, db);
  if (db < near) b = cut(b, a, db, da);
  return [project(p, a[0], a[1], 0), project(p, b[0], b[1], 0)];
}

export function drawGrid(g, p, scale, area, spacing) {
  if (!area.length || !(spacing > 0)) return;
  const xs = area.map((q) => q[0]), ys = area.map((q) => q[1]);
  const x0 = Math.floor(Math.min(...xs) / spacing), x1 = Math.ceil(Math.max(...xs) / spacing);
  const y0 = Math.floor(Math.min(...ys) / spacing), y1 = Math.ceil(Math.max(...ys) / spacing);
  if (x1 - x0 > 400 || y1 - y0 > 400) return;
  for (const strong of [false, true]) {
    g.beginPath();
    const add = (a, b) => {
      const s = segment(p, a, b, 0.2);
      if (!s) return;
      g.moveTo(s[0][0] * scale, s[0][1] * scale);
      g.lineTo(s[1][0] * scale, s[1][1] * scale);
    };
    for (let i = x0; i <= x1; i++)
      if ((i % 5 === 0) === strong) add([i * spacing, y0 * spacing], [i * spacing, y1 * spacing]);
    for (let j = y0; j <= y1; j++)
      if ((j % 5 === 0) === strong) add([x0 * spacing, j * spacing], [x1 * spacing, j * spacing]);
    g.lineWidth = strong ? 1.5 : 0.75;
    g.strokeStyle = strong ? "#5fd3ffe0" : "#5fd3ff8c";
    g.stroke();
  }
}

// An upright person of `tall` metres with feet at ground (x, y): legs, trunk, head, and a shadow.
export function drawFigure(g, p, scale, x, y, tall) {
  const foot = project(p, x, y, 0);
  if (!(foot[2] > 0.2)) return;
  const top = project(p, x, y, tall);
  g.beginPath();
  for (let k = 0; k <= 24; k++) {
    const t = (k / 24) * 2 * Math.PI;
    const q = project(p, x + 0.3 * Math.cos(t), y + 0.3 * Math.sin(t), 0);
    g.lineTo(q[0] * scale, q[1] * scale);
  }
  stroke(g, "#ffd54a", 1.5);
  // Widths are laid out across the upright as it appears, in metres there.
  const ux = top[0] - foot[0], uy = top[1] - foot[1], long = Math.hypot(ux, uy) || 1;
  const metre = long / tall;
  // In a steep view the upright is foreshortened and the shoulders are not.
  const e = Math.max(metre, Math.hypot(...[0, 1].map((k) => project(p, x + 1, y, tall / 2)[k] - project(p, x, y, tall / 2)[k])) * 0.8);
  const nx = -uy / long, ny = ux / long;
  const at = (z, side) => {
    const q = project(p, x, y, z);
    return [(q[0] + nx * side * e) * scale, (q[1] + ny * side * e) * scale];
  };
  const outline = [[0, -0.12], [0.85, -0.13], [1.0, -0.2], [1.35, -0.23], [1.45, -0.18], [1.5, -0.06]]
    .map(([z, s]) => [(z / 1.75) * tall, s]);
  g.beginPath();
  for (const [z, s] of outline) g.lineTo(...at(z, s));
  for (const [z, s] of outline.reverse()) g.lineTo(...at(z, -s));
  g.closePath();
  g.fillStyle = "#ffd54a4d";
  g.fill();
  stroke(g, "#ffd54a", 1.5);
  const head = at((1.63 / 1.75) * tall, 0);
  const up = at(tall, 0);
  g.beginPath();
  g.ellipse(head[0], head[1], Math.max(Math.hypot(up[0] - head[0], up[1] - head[1]), 1), Math.max(0.09 * e * scale, 1),
    Math.atan2(uy, ux), 0, 2 * Math.PI);
  g.fill();
  stroke(g, "#ffd54a", 1.5);
}

export function drawMark(g, x, y, kind, chosen) {
  const r = chosen ? 9 : 6;
  g.beginPath();
  if (kind === "head") {
    g.moveTo(x - r, y);
    g.lineTo(x + r, y);
  } else {
    g.arc(x, y, r, 0, 2 * Math.PI);
    g.moveTo(x - 2, y);
    g.lineTo(x + 2, y);
    g.moveTo(x, y - 2);
    g.lineTo(x, y + 2);
  }
  stroke(g, chosen ? "#ffffff" : kind === "shape" ? "#9dff8a" : "#ff9d5c", chosen ? 3 : 2);
}
