/** Releases of sealed footage: what was asked for, asking, and approving. No picture is ever shown here. */

import { ask, Problem, send } from "./api";
import { h, part, say } from "./dom";
import { roleWords } from "./govern";
import { question } from "./question";
import { here, may } from "./session";
import { read, spanOf, written } from "./spans";
import { moment } from "./words";

interface Release {
  id: string;
  state: "asked" | "granted" | "ended";
  case: string;
  purpose: string;
  basis: string;
  cameras: string[];
  since: number;
  until: number;
  unredacted: boolean;
  visible: number;
  role: string;
  t: number;
  approved: string[];
  ends: number | null;
  opened: number;
  exported: number;
}

interface ReleasesNow {
  releases: Release[];
  cameras: Record<string, number>;
}

/** Cameras of which sealed footage may be asked for. */
export async function releasable(): Promise<Set<string>> {
  return new Set(Object.keys((await ask<ReleasesNow>("releases")).cameras));
}

/** To the form, filled in with the smallest span that answers. */
export function askLink(camera: string, start: number, end: number | null, what: string): HTMLElement {
  const [since, until] = spanOf(start, end);
  const asked = new URLSearchParams({ camera, since: `${since}`, until: `${until}` });
  return h("a", { href: `/releases?${asked}#ask` }, "Request the sealed minutes", h("span", { class: "hidden" }, ` (${what}, ${moment(start)})`));
}

/** Fill `main` with the page. Throws Problem when releases may not be read. */
export async function show(main: HTMLElement): Promise<void> {
  let now = await ask<ReleasesNow>("releases");
  document.title = "Releases – Plainview";
  part("link").hidden = true;
  const list = h("ol", { class: "found wide" });
  const said = h("p", { class: "note", role: "status" });
  const draw = (): void => {
    list.replaceChildren(...now.releases.map((one) => row(one, again)));
    say(said, now.releases.length ? "" : "Nobody has asked for sealed footage yet.");
  };
  const again = async (): Promise<void> => {
    now = await ask<ReleasesNow>("releases");
    draw();
  };
  const asking = may("ask-release") ? form(now, again) : null;
  const asked = h("section", { class: "card", "aria-labelledby": "asked" }, h("h2", { id: "asked" }, "What was asked for"), said, list);
  // What waits for who is here comes before a form as long as a telephone's window, unless they came for the form.
  const first = now.releases.some(mine) && location.hash !== "#ask" ? [asked, asking] : [asking, asked];
  main.replaceChildren(
    h("div", { class: "narrow" },
      h("h1", {}, "Releases of sealed footage"),
      h("p", { class: "lede" }, "One person asks, two others approve, two custodians unwrap on machines of their own, and the public ledger is told before each step. Films are made on the command line; nothing is shown here."),
      ...first));
  draw();
  if (location.hash === "#ask") document.getElementById("release-case")?.focus();
}

function form(now: ReleasesNow, done: () => Promise<void>): HTMLElement {
  const given = new URLSearchParams(location.search);
  const cameras = Object.keys(now.cameras).sort();
  if (!cameras.length) return h("p", { class: "card note" }, "No assessment in force lets footage be released.");
  const camera = h("select", { id: "release-camera", required: true }, ...cameras.map((name) => h("option", { value: name }, name)));
  const wanted = given.get("camera");
  if (wanted && cameras.includes(wanted)) camera.value = wanted;
  const time = (id: string, seconds: string | null): HTMLInputElement =>
    h("input", { id, type: "datetime-local", step: "1", required: true, value: seconds ? written(Number(seconds)) : "" });
  const text = (id: string, least: number, most: number, rule: { pattern?: string; title?: string } = {}): HTMLInputElement =>
    h("input", { id, type: "text", minlength: least, maxlength: most, required: true, autocomplete: "off", ...rule });
  const since = time("release-since", given.get("since"));
  const until = time("release-until", given.get("until"));
  const case_ = text("release-case", 1, 60, { pattern: "[A-Za-z0-9][A-Za-z0-9 .\\/_\\-]*", title: "Plain letters and digits; within them space, . / _ -" });
  const purpose = text("release-purpose", 3, 200);
  const basis = text("release-basis", 3, 200);
  const visible = h("input", { id: "release-visible", type: "number", min: 1, max: 100, value: "25", required: true });
  const unredacted = h("input", { id: "release-unredacted", type: "checkbox" });
  const error = h("p", { class: "error", role: "alert" });
  const result = h("p", { class: "result", role: "status" });
  const field = (input: HTMLElement, label: string, help = ""): HTMLElement =>
    h("div", { class: "field" }, h("label", { for: input.id }, label), input, help ? h("p", { class: "note" }, help) : null);
  const made = h("form", { class: "card release-form", id: "ask", "aria-labelledby": "ask-title" },
    h("h2", { id: "ask-title" }, "Ask for footage"),
    h("p", { class: "note" }, "Ask for the smallest span that answers. Cameras, span, purpose and legal basis become public at once; the case and your name do not."),
    field(camera, "Camera"),
    h("div", { class: "times" }, field(since, "From (UTC)"), field(until, "To (UTC)")),
    field(case_, "Case", "Plain letters and digits. It is written on every picture."),
    field(purpose, "Purpose", "Public: what it is to show. No names, and never what somebody looks like."),
    field(basis, "Legal basis", "Public: the law, order or right."),
    field(visible, "Percent of a picture that hand-drawn regions may show", "Everybody else is obscured."),
    h("p", { class: "search-area" }, unredacted, h("label", { for: "release-unredacted" }, "Ask for the pictures as they are: everybody can be seen")),
    error, h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Ask")), result);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = result.textContent = "";
    const wish = {
      case: case_.value.trim(), purpose: purpose.value.trim(), basis: basis.value.trim(), cameras: [camera.value],
      since: read(since.value), until: read(until.value), unredacted: unredacted.checked, visible: Number(visible.value),
    };
    void send<Release>("POST", "releases", wish).then(
      async (one) => {
        say(result, `Asked for as ${one.id}. Two others must approve it.`);
        await done();
      },
      (problem: unknown) => {
        if (!(problem instanceof Problem)) throw problem;
        error.textContent = problem.message;
      });
  });
  return made;
}

/** What comes next, on the command line, for whoever waits for it. */
function next(one: Release): HTMLElement | null {
  const command = one.state === "granted" ? "plainview release unwrap" : one.state === "asked" && one.approved.length >= 2 ? `plainview release grant ${one.id}` : null;
  if (!command) return null;
  const who = one.state === "granted" ? "Next, at both custodians in turn, then for the film at the operator: " : "Next, at the operator: ";
  return h("p", { class: "note" }, who, h("code", {}, command));
}

/** Whether who is here may approve it: it takes two people in two roles, and no third. */
function mine(one: Release): boolean {
  return one.state === "asked" && may("approve-release") && one.approved.length < 2 && !one.approved.includes(here()?.role ?? "");
}

/** How much of a picture may be seen. */
function drawn(one: Release): string {
  return `regions drawn by hand, of at most ${one.visible} % of a picture`;
}

function row(one: Release, done: () => Promise<void>): HTMLElement {
  const grade = one.state === "granted" ? "good" : "note";
  const state = { asked: `${one.approved.length} of 2 have approved`, granted: "Granted", ended: "Over" }[one.state];
  const error = h("p", { class: "error", role: "alert" });
  const button = h("button", { type: "button", class: "quiet" }, "Approve", h("span", { class: "hidden" }, ` ${one.id}`));
  const span = `${written(one.since).replace("T", " ")} to ${written(one.until).replace("T", " ")} UTC`;
  const shown = one.unredacted ? "Everybody in the pictures can be seen." : `Everybody is obscured, but for ${drawn(one)}.`;
  const approve = (): void => {
    button.disabled = true;
    void send<Release>("POST", `releases/${one.id}/approve`, {}).then(done, (problem: unknown) => {
      button.disabled = false;
      if (!(problem instanceof Problem)) throw problem;
      error.textContent = problem.message;
    });
  };
  button.addEventListener("click", () =>
    question({
      title: `Approve that footage of ${one.cameras.join(", ")} is opened?`,
      text: `${span}. ${shown} Purpose: ${one.purpose}. It is written in the public ledger, and cannot be taken back.`,
      yes: "Approve", no: "Do not approve",
    }, approve));
  const times = one.opened ? `opened ${one.opened} ${one.opened === 1 ? "time" : "times"}` : "never opened";
  const counted = `${times}, ${one.exported || "no"} ${one.exported === 1 ? "film" : "films"} given out`;
  return h("li", {},
    h("p", { class: "alert-name" }, h("span", { class: "pill", "data-grade": grade }, state), h("strong", {}, `${one.id}, case ${one.case}`)),
    h("p", {}, `${one.cameras.join(", ")}: ${span}. `,
      one.unredacted ? h("strong", {}, "As recorded: everybody can be seen.") : `Obscured, but for ${drawn(one)}.`),
    h("p", {}, "Purpose: ", one.purpose, h("br"), "Legal basis: ", one.basis),
    h("p", { class: "alert-since" }, `Asked by ${roleWords(one.role)}, ${moment(one.t)}; approved by ${one.approved.map(roleWords).join(", ") || "nobody yet"}; ${counted}${one.ends === null || one.state === "ended" ? "" : `; until ${moment(one.ends)}`}.`),
    next(one),
    mine(one) ? h("p", {}, button) : null, error);
}
