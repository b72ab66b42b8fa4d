/** The editor of one assessment: steps, a form from the schema, findings while one writes, and the draft. */

import { ask, Problem, send } from "./api";
import { type Data, resolved, type Schema } from "./document";
import { demonstration, h, part, say } from "./dom";
import { placeWords, REVIEW, type Step, steps } from "./fields";
import { type Choices, type Finding, Form } from "./form";
import { drawReview } from "./review";
import { here, may, signIn } from "./session";
import { unreadList } from "./unread";
import { sentence } from "./words";

export interface Draft {
  id: string;
  revision: number;
  title: string;
  digest: string;
  findings: Finding[];
  approvals: { role: string; t: number }[];
  published: boolean;
  document: Data;
}

/** Milliseconds without a change after which what is written is checked. */
const PAUSE = 600;

/** What the review needs of the editor. */
export interface Desk {
  draft(): Draft | null;
  live(): Draft | null;
  findings(): Finding[];
  dirty(): boolean;
  readOnly: boolean;
  go(field: string): void;
  kept(draft: Draft): void;
  discarded(): void;
}

/** Fill `main` with the editor of the assessment `id`, or of a new one. Throws Problem. */
export async function show(main: HTMLElement, id: string | null): Promise<void> {
  part("link").hidden = true;
  const [published, choices] = await Promise.all([ask<Schema>("desk/assessment-schema"), ask<Choices>("desk/choices")]);
  const schema = resolved(published, published);
  if (id === null) {
    document.title = "New assessment – Plainview";
    chooser(main, choices, (data) => edit(main, schema, choices, data, null, null, true));
    return;
  }
  const { draft, live } = await ask<{ draft: Draft | null; live: Draft | null }>(`desk/drafts/${id}`).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) throw new Problem(404, `There is no assessment named “${id}”.`);
    throw error;
  });
  const onlyLive = new URLSearchParams(location.search).has("live");
  if (draft && !onlyLive) edit(main, schema, choices, draft.document, draft, live, false);
  else if (live && (onlyLive || !may("assess"))) edit(main, schema, choices, live.document, live, live, false);
  else if (live) edit(main, schema, choices, { ...live.document, revision: live.revision + 1 }, null, live, false);
  else throw new Problem(404, `There is no assessment named “${id}”.`);
}

/** Which rules it must meet comes first: what is asked depends on them. */
function chooser(main: HTMLElement, choices: Choices, begun: (data: Data) => void): void {
  if (!may("assess")) {
    const why = here()?.role ? h("p", {}, "Your role does not write assessments. ", h("a", { href: "/assessments" }, "Read those there are")) : h("p", {}, h("a", { href: signIn() }, "Sign in to write an assessment"));
    main.replaceChildren(h("div", { class: "narrow" }, h("h1", {}, "A new assessment"), h("section", { class: "card" }, why)));
    return;
  }
  const boxes = choices.packs.map((pack) => h("input", { type: "checkbox", value: pack.id, id: `pack-${pack.id}` }));
  const error = h("p", { class: "error", role: "alert" });
  const go = h("button", { type: "submit", class: "primary" }, "Begin");
  const form = h("form", { class: "card form-card" },
    h("fieldset", { class: "plain" },
      h("legend", {}, "Whose rules must it meet?"),
      h("p", { class: "help" }, "Choose every place whose law applies. You can change this later."),
      ...choices.packs.map((pack, k) => h("label", { class: "option", for: `pack-${pack.id}` }, boxes[k], h("span", {}, h("span", { class: "option-title" }, pack.title), h("small", {}, `${pack.id}, ${pack.rules} rules`))))),
    error, h("div", { class: "actions" }, go));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go.disabled = true;
    send<{ document: Data }>("POST", "desk/new", { packs: boxes.filter((box) => box.checked).map((box) => box.value) }).then(
      ({ document }) => begun(document),
      (problem: unknown) => {
        go.disabled = false;
        error.textContent = words(problem);
      },
    );
  });
  main.replaceChildren(h("div", { class: "narrow" }, h("h1", {}, "A new assessment"), form));
}

function edit(main: HTMLElement, schema: Schema, choices: Choices, data: Data, first: Draft | null, live: Draft | null, fresh: boolean): void {
  let saved = first;
  let edits = 0;
  let editsSaved = 0;
  /** Whether somebody changed something since it was saved: only that is lost by leaving. */
  const touched = (): boolean => edits !== editsSaved;
  const dirty = (): boolean => saved === null || touched();
  let findings: Finding[] = saved?.findings ?? [];
  const readOnly = !may("assess") || (saved?.published ?? false);
  const all = steps(Object.keys(schema.properties ?? {}));
  const step = (): Step => all.find((one) => one.id === location.hash.slice(1)) ?? all[0]!;

  const title = h("h1", { tabindex: -1 });
  const nav = h("ol", {});
  const links = all.map((one) => h("a", { href: `#${one.id}` }, h("span", { class: "step-title" }, one.title), h("span", { class: "badge" })));
  nav.append(...links.map((link) => h("li", {}, link)));
  const body = h("div", { class: "step-body" });
  const state = h("p", { class: "save-state", role: "status" });
  const error = h("p", { class: "error", role: "alert" });
  const save = h("button", { type: "button", class: "primary" }, "Save the draft");
  const counted = h("a", { href: `#${REVIEW}`, class: "counted" });
  const bar = h("div", { class: "save-bar" }, state, counted, error, save);

  const unread = unreadList((field) => desk.go(field));

  const form = new Form(schema, data, choices, () => changed());
  form.fixed = fresh ? [] : ["id"];
  const name = (): string => `${data["id"] || "New assessment"}, revision ${data["revision"] ?? 1}`;

  let pause = 0;
  let asked = 0;
  const changed = (): void => {
    edits += 1;
    tell();
    clearTimeout(pause);
    pause = window.setTimeout(() => void check(), PAUSE);
  };
  /** Whether what is written can be kept; null where that was not told. */
  const check = async (): Promise<boolean | null> => {
    const mine = (asked += 1);
    try {
      const answer = await send<{ findings: Finding[]; readable: boolean }>("POST", "desk/check", { document: data });
      if (mine !== asked) return null;
      findings = answer.findings;
      error.textContent = "";
      tell();
      unread.tell(answer.readable ? [] : findings);
      if (step().id === REVIEW) draw(false);
      return answer.readable;
    } catch (problem) {
      if (mine === asked) error.textContent = `Not checked: ${words(problem)}`;
    }
    return null;
  };
  const tell = (): void => {
    document.title = `${name()} – Plainview`;
    say(title, name());
    form.tell(findings);
    all.forEach((one, k) => {
      const count = one.id === REVIEW ? 0 : findings.filter((finding) => one.fields.includes(top(finding.field))).length;
      const badge = links[k]?.querySelector(".badge");
      if (badge) badge.textContent = count ? `${count} to mend` : "";
    });
    say(counted, findings.length ? `${findings.length} to mend` : "Nothing to mend");
    counted.dataset["grade"] = findings.length ? "warn" : "good";
    say(state, readOnly ? "Read only" : dirty() ? "Not saved" : "Saved");
    state.dataset["grade"] = dirty() && !readOnly ? "warn" : "good";
    save.hidden = readOnly;
    // Where there is nothing to save it is not in the way of the decision.
    bar.hidden = step().id === REVIEW && (readOnly || !dirty());
    save.disabled = !dirty();
  };
  const desk: Desk = {
    draft: () => saved,
    live: () => live,
    findings: () => findings,
    dirty,
    readOnly,
    go(field) {
      const found = all.find((one) => one.fields.includes(top(field)));
      if (!found) return;
      // Not by the address's own change, which would move to the step's heading afterwards.
      history.pushState(null, "", `#${found.id}`);
      draw(false);
      form.focus(field);
    },
    kept(draft) {
      saved = draft;
      findings = draft.findings;
      tell();
      draw(false);
    },
    discarded() {
      editsSaved = edits;
      location.assign("/assessments");
    },
  };
  const stepsStrip = h("nav", { class: "steps", "aria-label": "Steps" }, nav);
  const draw = (move: boolean): void => {
    const now = step();
    links.forEach((link, k) => {
      if (all[k] === now) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    tell();
    const at = all.indexOf(now);
    // On a telephone the steps are a strip that is wider than the window.
    const link = links[at];
    if (link) stepsStrip.scrollLeft += link.getBoundingClientRect().left - stepsStrip.getBoundingClientRect().left - (stepsStrip.clientWidth - link.offsetWidth) / 2;
    const head = h("h2", { class: "step-head", tabindex: -1 }, now.title);
    const inside = now.id === REVIEW ? drawReview(desk) : form.show(now.fields);
    const wrap = h("fieldset", { class: "plain", disabled: readOnly && now.id !== REVIEW }, h("legend", { class: "hidden" }, now.title), ...(now.id === "cameras" && !readOnly ? [cameraFill()] : []), ...inside);
    const back = all[at - 1];
    const next = all[at + 1];
    body.replaceChildren(head, h("p", { class: "lede" }, now.lede), now.id === REVIEW ? h("div", { class: "plain" }, ...inside) : wrap,
      h("nav", { class: "step-foot", "aria-label": "To the next step" },
        back && h("a", { class: "button", href: `#${back.id}` }, `Back: ${back.title}`),
        next && h("a", { class: "button primary next", href: `#${next.id}` }, `Next: ${next.title}`)));
    if (move) {
      head.focus({ preventScroll: true });
      window.scrollTo({ top: 0 });
    }
  };
  /** Cameras that were moved since they were assessed, or are new, taken from the configuration. */
  const cameraFill = (): HTMLElement => {
    const go = h("button", { type: "button", class: "quiet" }, "Take the cameras as they are now");
    const said = h("p", { class: "note", role: "status" });
    go.addEventListener("click", () => {
      send<{ document: Data }>("POST", "desk/new", { packs: [] }).then(
        (answer) => {
          const told = merge(data, answer.document);
          if (told.changed) {
            changed();
            draw(false);
          }
          say(body.querySelector<HTMLElement>(".camera-fill .note") ?? said, told.words);
        },
        (problem: unknown) => say(said, words(problem)),
      );
    });
    return h("div", { class: "camera-fill" }, go, h("p", { class: "help" }, "Adds cameras that are configured and not in it, and takes over what each sees now where it was moved. What you wrote about them stays."), said);
  };
  save.addEventListener("click", () => {
    save.disabled = true;
    error.textContent = "";
    const sending = edits;
    const sent = { document: data, over: saved && !saved.published ? saved.digest : "" };
    const request = fresh ? send<Draft>("POST", "desk/drafts", sent) : send<Draft>("PUT", `desk/drafts/${String(data["id"])}`, sent);
    request.then(
      (draft) => {
        saved = draft;
        editsSaved = sending;
        findings = draft.findings;
        unread.tell([]);
        history.replaceState(null, "", `/assessments/edit/${draft.id}${location.hash}`);
        tell();
        if (step().id === REVIEW) draw(false);
        if (!fresh) return;
        fresh = false;
        form.fixed = ["id"];
        document.getElementById("f-id")?.setAttribute("readonly", "");
      },
      (problem: unknown) => {
        save.disabled = false;
        clearTimeout(pause);
        // The refusal names one answer; the check names each that cannot be kept.
        void check().then((readable) => {
          if (readable === false) unread.begin(findings);
          else error.textContent = `Not saved: ${problem instanceof Problem && problem.where ? `${placeWords(problem.where)}: ` : ""}${words(problem)}`;
        });
      },
    );
  });
  window.addEventListener("popstate", () => draw(true));
  window.addEventListener("beforeunload", (event) => {
    if (touched() && !readOnly) event.preventDefault();
  });
  if (data["simulated"] === true) {
    demonstration("This assessment is of a simulated place: its people do not exist.");
  }
  const about = readOnly ? (saved?.published ? "This revision is in force. What was granted cannot be rewritten: revise it instead." : "You may read this draft; your role does not write it.")
    : live ? `Revision ${live.revision} stays in force until this one is published.` : "Nothing runs under it until two people have approved it and it is published.";
  main.replaceChildren(
    h("div", { class: "editor" },
      h("div", { class: "editor-head" }, h("p", { class: "crumb" }, h("a", { href: "/assessments" }, "Assessments")), title, h("p", { class: "lede" }, about)),
      stepsStrip, h("div", { class: "editor-main" }, unread.section, body, bar)));
  tell();
  draw(false);
  if (!readOnly && dirty()) void check();
}

/** The top-level field that a finding is about. */
function top(field: string): string {
  return field.split(/[.[]/)[0] ?? "";
}

/** Take over the cameras that are configured now into `data`. */
function merge(data: Data, fresh: Data): { changed: boolean; words: string } {
  const mine = (data["cameras"] ?? []) as Data[];
  const now = (fresh["cameras"] ?? []) as Data[];
  const added = now.filter((camera) => !mine.some((own) => own["id"] === camera["id"]));
  let moved = 0;
  for (const own of mine) {
    const found = now.find((camera) => camera["id"] === own["id"]);
    if (!found || (found["fingerprint"] === own["fingerprint"] && found["site"] === own["site"])) continue;
    own["fingerprint"] = found["fingerprint"] ?? "";
    own["site"] = found["site"] ?? "";
    moved += 1;
  }
  data["cameras"] = [...mine, ...added];
  const gone = mine.filter((own) => !now.some((camera) => camera["id"] === own["id"])).map((own) => String(own["id"]));
  const said = [`${added.length} added, ${moved} with another view.`, gone.length ? `No longer configured: ${gone.join(", ")}.` : "", moved ? "Read again what you wrote about what they see." : ""];
  return { changed: added.length + moved > 0, words: said.filter(Boolean).join(" ") };
}

function words(problem: unknown): string {
  return sentence(problem instanceof Error ? problem.message : String(problem));
}

