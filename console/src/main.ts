/** Which page this is. Each page is loaded only where it is shown. */

import { Problem } from "./api";
import { callAlerts } from "./calls";
import { h, part } from "./dom";
import { atSite, begin, choosePurpose, here } from "./session";
import { sentence, zoneOfTimes } from "./words";

const path = location.pathname.replace(/(.)\/$/, "$1");
const site = /^\/sites\/([A-Za-z0-9._-]+)$/.exec(path)?.[1];
const camera = /^\/cameras\/([A-Za-z0-9._-]+)$/.exec(path)?.[1];
const edited = /^\/assessments\/edit\/([A-Za-z0-9._-]+)$/.exec(path)?.[1];

/** The page's own part of the program; it is loaded while it is asked who is here. */
async function load(): Promise<(main: HTMLElement) => Promise<void>> {
  if (path === "/events") {
    window.addEventListener("purpose", () => location.reload());
    return (await import("./events")).show;
  }
  if (path === "/deliveries") return (await import("./deliveries")).show;
  if (path === "/releases") return (await import("./releases")).show;
  if (path === "/stop") return (await import("./stop")).show;
  if (path === "/assessments") return (await import("./assessments")).show;
  if (path === "/assessments/new" || edited) {
    const { show } = await import("./editor");
    return (main) => show(main, edited ?? null);
  }
  // What was measured is shown for a purpose: with another one it is asked for again.
  window.addEventListener("purpose", () => location.reload());
  if (camera) {
    const { show } = await import("./view");
    return (main) => show(main, camera);
  }
  if (path === "/city") return (await import("./city")).show;
  // Loaded meanwhile; a site's own pages are the exception.
  void (site ? import("./site") : import("./home"));
  return ofSites;
}

/** All sites, or one; on a site's own pages what is known there. */
async function ofSites(main: HTMLElement): Promise<void> {
  if (atSite()) return (await import("./own")).show(main, site ?? null);
  if (site) return (await import("./site")).show(main, site);
  return (await import("./home")).show(main);
}

/** What stands where measurements would, for somebody who has chosen no purpose that shows them. */
function unchosen(): HTMLElement {
  const choose = h("button", { type: "button", class: "primary", "aria-haspopup": "dialog" }, "Choose a purpose");
  choose.addEventListener("click", choosePurpose);
  return h("section", { class: "card problem" },
    h("h1", {}, "For which purpose?"),
    h("p", {}, "Measurements are seen for a purpose of an approved assessment that covers them, and not without one."),
    h("p", {}, choose),
  );
}

async function start(): Promise<void> {
  const main = part("main");
  try {
    part("foot").replaceChildren(h("span", {}, zoneOfTimes()));
    const [show] = await Promise.all([load(), begin()]);
    // Before the page has its own answers; Sites and a site's page list the alerts, and call to them.
    if (path !== "/" && !site) callAlerts();
    await show(main);
  } catch (error) {
    if (error instanceof Problem && error.where === "purpose" && here()?.purposes.length === 0) {
      (await import("./unassessed")).show(main);
      return;
    }
    part("link").hidden = true;
    if (error instanceof Problem && error.where === "purpose" && here()) {
      main.replaceChildren(unchosen());
      return;
    }
    main.replaceChildren(
      h("section", { class: "card problem", role: "alert" },
        h("h1", {}, "This page cannot be shown"),
        h("p", {}, sentence(error instanceof Error ? error.message : String(error))),
        h("p", {}, h("a", { href: location.pathname }, "Try again"), " or go to ", h("a", { href: "/" }, "all sites"), "."),
      ),
    );
  } finally {
    callAlerts();
  }
}

void start();
