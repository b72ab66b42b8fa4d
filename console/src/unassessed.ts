/** A page of measurements where no assessment is in force: what waits, and what to do next. */

import { ask, type Session } from "./api";
import { h, part } from "./dom";
import { standingStrip, watch } from "./govern";
import { may } from "./session";

/** Fill `main`, and load the page anew as soon as there is a purpose to look for. */
export function show(main: HTMLElement): void {
  const { strip, set } = standingStrip();
  part("link").hidden = true;
  document.title = "Nothing may be measured yet – Plainview";
  main.replaceChildren(
    h("div", { class: "narrow" },
      h("h1", {}, "Nothing may be measured yet"),
      h("p", { class: "lede" }, "Measurements of people are seen for a purpose, and a purpose comes from an assessment that two people approved. None is in force here."),
      may("assess")
        ? h("p", {}, h("a", { class: "button primary", href: "/assessments" }, "Write or approve an assessment"))
        : h("p", {}, "Ask your privacy officer for one. This page goes on by itself when it is published."),
      strip));
  watch((standing) => {
    set(standing.cameras);
    void ask<Session>("session").then((now) => { if (now.purposes.length) location.reload(); }, () => undefined);
  });
}
