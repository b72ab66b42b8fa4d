/** How many people went over each line of a site, each way. */

import { ask, type Crossing, type Line, type SitePlace } from "./api";
import { h, say, svg } from "./dom";
import { people, span } from "./words";

/** The card; `poll` asks now, and every five seconds from then on. */
export function crossingsCard(place: SitePlace, id: string) {
  const key = (line: Line): string => JSON.stringify([line.name, line.start, line.end]);
  // A line that several cameras have is one line.
  const lines = [...new Map(place.cameras.flatMap((camera) => camera.lines.map((line) => [key(line), line]))).values()];
  const rows = lines.map((line) => {
    const cells = Array.from({ length: 4 }, () => h("td", { class: "number" }, "–"));
    // Forward is to the left of the way from start to end; the arrow points up before it is turned.
    const degrees = (Math.atan2(line.start[1] - line.end[1], line.end[0] - line.start[0]) * 180) / Math.PI;
    const row = h("tr", {}, h("th", { scope: "row" }, arrow(degrees), line.name), ...cells);
    return { row, cells };
  });
  const said = h("p", { class: "note" }, lines.length ? "Forward is the way of the arrow, on the plan too. Counted from flow, never by following a person." : "This site has no lines.");
  const card = h("section", { class: "card crossed", "aria-labelledby": "crossings" },
    h("h2", { id: "crossings" }, "Crossings"),
    lines.length > 0 && h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "crossings" },
      h("table", { class: "crossings" },
        h("thead", {},
          h("tr", {}, h("th", { scope: "col", rowspan: 2 }, "Line"), h("th", { scope: "colgroup", colspan: 2, class: "number" }, "Last minute"), h("th", { scope: "colgroup", colspan: 2, class: "number" }, "Last hour")),
          h("tr", {}, ...["Forward", "Back", "Forward", "Back"].map((words) => h("th", { scope: "col", class: "number" }, words)))),
        h("tbody", {}, ...rows.map(({ row }) => row)))),
    said);
  const poll = async (): Promise<void> => {
    if (!lines.length) return;
    try {
      const answer = await ask<Crossing[]>(`sites/${id}/crossings`);
      let lost = 0;
      lines.forEach((line, k) => {
        const found = answer.find((crossing) => key({ ...crossing, name: crossing.line }) === key(line));
        if (!found) return;
        lost = Math.max(lost, found.unhealthy);
        [found.last_forward, found.last_backward, found.forward, found.backward].forEach((value, at) => {
          const cell = rows[k]?.cells[at];
          if (cell) say(cell, people(value));
        });
      });
      if (lost > 0) say(said, `Too low: ${span(lost)} of the last hour could not be measured.`);
    } catch {
      // The line above the page already says that the server does not answer; the table is veiled.
    }
    window.setTimeout(() => void poll(), 5000);
  };
  return { card, poll };
}

function arrow(degrees: number): Node {
  return svg("svg", { class: "way", viewBox: "-10 -10 20 20", width: 18, height: 18, "aria-hidden": "true" },
    svg("path", { d: "M0 7V-7M-5 -2 0 -7 5 -2", transform: `rotate(${degrees.toFixed(1)})` }));
}
