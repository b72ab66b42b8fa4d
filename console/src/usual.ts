/** How many people are here now, beside the same hour of earlier weeks. */

import type { SiteField, Usual } from "./api";
import { h, say, svg } from "./dom";
import { poll } from "./poll";
import { estimate, share, usualSays, usualWords, whole } from "./words";

const EVERY = 10_000;
/** Width of the drawing, in its own units. */
const WIDE = 300;

/** The card: what is usual is asked for now and then, the count is the page's own. */
export function usualCard(site: string): { card: HTMLElement; set(field: SiteField): void } {
  const verdict = h("span", { class: "pill" }, "–");
  const hour = h("span", { class: "note" });
  const drawing = h("div", { class: "usual-bar", "aria-hidden": "true" });
  const said = h("p", { class: "usual-said" }, "Asking what is usual…");
  const card = h("section", { class: "card usual", "aria-labelledby": "usual" },
    h("div", { class: "card-head" }, h("h2", { id: "usual" }, "Now and usual"), hour),
    h("p", {}, verdict), drawing, said);
  let live: SiteField | null = null;
  let asked: Usual | null = null;
  const show = (): void => {
    if (asked === null) return;
    const told = live === null ? asked : { ...asked, now: live };
    const known = live?.known ?? 1;
    const { what, grade } = usualWords(told, known);
    verdict.dataset["grade"] = grade;
    say(verdict, what);
    say(hour, told.hour_of_week);
    say(said, `Now ${estimate(told.now)}${told.now.count === null || whole(known) ? "" : ` on ${share(known)} of the ground`}. ${usualSays(told)}`);
    drawing.replaceChildren(...(told.usual ? [bar(told, told.usual)] : []));
    drawing.hidden = told.usual === null;
  };
  poll<Usual>("what is usual", `sites/${site}/usual`, EVERY, (told) => {
    asked = told;
    show();
  }, (words) => {
    asked = null;
    verdict.dataset["grade"] = "note";
    say(verdict, "Cannot be compared");
    say(said, words);
  });
  return {
    card,
    set(field): void {
      live = field;
      show();
    },
  };
}

/** What is usual as a band with its middle, and now as a diamond with its interval. */
function bar({ now }: Usual, usual: NonNullable<Usual["usual"]>): SVGElement {
  const most = Math.max(usual.high, now.high ?? 0, 1) * 1.1;
  const x = (value: number): number => Math.round((value / most) * WIDE);
  return svg("svg", { viewBox: `0 0 ${WIDE} 34`, preserveAspectRatio: "none" },
    svg("rect", { class: "usual-track", x: 0, y: 6, width: WIDE, height: 10, rx: 5 }),
    svg("rect", { class: "usual-range", x: x(usual.low), y: 6, width: Math.max(x(usual.high) - x(usual.low), 3), height: 10 }),
    svg("rect", { class: "usual-middle", x: x(usual.median) - 1, y: 3, width: 2, height: 16 }),
    now.count !== null && now.low !== null && now.high !== null && svg("rect", { class: "usual-now", x: x(now.low), y: 24, width: Math.max(x(now.high) - x(now.low), 2), height: 4 }),
    now.count !== null && svg("rect", { class: "usual-now", x: x(now.count) - 2, y: 20, width: 4, height: 12 }));
}
