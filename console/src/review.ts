/** The last step: what is still wrong, what changes, the two approvals, and publishing. */

import { ask, send } from "./api";
import { discardButton } from "./discard";
import { valueAt } from "./document";
import { h, say } from "./dom";
import type { Desk, Draft } from "./editor";
import { placeWords } from "./fields";
import { findingItem } from "./form";
import { roleWords } from "./govern";
import { here, may } from "./session";
import { sentence } from "./words";

interface Change {
  field: string;
  before: string;
  after: string;
  wider: boolean;
}

const APPROVERS = ["controller", "privacy-officer"];

/** The parts of the review, for the state in which the draft is now. */
export function drawReview(desk: Desk): HTMLElement[] {
  const draft = desk.draft();
  const parts = [findingsCard(desk)];
  const live = desk.live();
  if (draft && !draft.published && live) parts.push(changesCard(draft, live));
  parts.push(draft?.published ? publishedCard(draft) : decisionCard(desk, draft));
  if (draft && !draft.published && may("assess")) parts.push(discardCard(desk, draft));
  return parts;
}

function findingsCard(desk: Desk): HTMLElement {
  const findings = desk.findings();
  const items = findings.map((finding) => {
    const go = h("button", { type: "button", class: "linkish" }, placeWords(finding.field));
    go.addEventListener("click", () => desk.go(finding.field));
    const item = findingItem(finding);
    item.prepend(go, " ");
    return item;
  });
  return h("section", { class: "card", "aria-labelledby": "findings-title" },
    h("h3", { id: "findings-title" }, findings.length ? `${findings.length} to mend` : "Nothing to mend"),
    findings.length
      ? h("ul", { class: "findings all" }, ...items)
      : h("p", {}, "Every rule of the chosen packs is met. That it is true is for the two who approve it."));
}

function changesCard(draft: Draft, live: Draft): HTMLElement {
  const body = h("tbody", {});
  const table = h("div", { class: "scroll stacked", tabindex: 0, role: "group", "aria-labelledby": "changes-title", hidden: true },
    h("table", { class: "changes" }, h("thead", {}, h("tr", {}, ...["Field", `Revision ${live.revision}`, `Revision ${draft.revision}`].map((words) => h("th", { scope: "col" }, words)))), body));
  const said = h("p", { class: "note", role: "status" }, "Comparing…");
  ask<Change[]>(`desk/drafts/${draft.id}/diff`).then(
    (changes) => {
      const wider = changes.filter((change) => change.wider).length;
      say(said, changes.length === 0 ? "Nothing differs from the revision in force." : `${changes.length} ${changes.length === 1 ? "change" : "changes"}${wider ? `; ${wider} ${wider === 1 ? "allows" : "allow"} more than before` : "; none allows more than before"}.`);
      table.hidden = changes.length === 0;
      body.replaceChildren(...changes.map((change) => h("tr", {},
        h("th", { scope: "row" }, placeWords(change.field), change.wider && h("span", { class: "pill", "data-grade": "warn" }, "Allows more")),
        h("td", { "data-head": `Revision ${live.revision}` }, h("span", {}, change.before || "–")), h("td", { "data-head": `Revision ${draft.revision}` }, h("span", {}, change.after || "–")))));
    },
    (problem: unknown) => say(said, words(problem)),
  );
  return h("section", { class: "card", "aria-labelledby": "changes-title" }, h("h3", { id: "changes-title" }, "What changes"), said, table);
}

function decisionCard(desk: Desk, draft: Draft | null): HTMLElement {
  const error = h("p", { class: "error", role: "alert" });
  const open = desk.dirty() ? "Save the draft first: what is approved is exactly what was saved." : desk.findings().length ? "It can be approved when nothing is left to mend." : "";
  const role = here()?.role ?? "";
  const given = draft?.approvals ?? [];
  const rows = APPROVERS.map((one) => {
    const approval = given.find((other) => other.role === one);
    const name = draft ? named(draft, one) : "";
    return h("li", { "data-done": approval !== undefined },
      h("span", {}, h("strong", {}, roleWords(one)), name && ` (${name})`, approval ? ` approved on ${new Date(approval.t * 1000).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })}` : " has not approved yet"));
  });
  const both = APPROVERS.every((one) => given.some((approval) => approval.role === one));
  const actions = h("div", { class: "actions" });
  const act = (button: HTMLButtonElement, job: () => Promise<void>): void => {
    button.addEventListener("click", () => {
      button.disabled = true;
      error.textContent = "";
      job().catch((problem: unknown) => {
        button.disabled = false;
        error.textContent = words(problem);
      });
    });
    actions.append(button);
  };
  if (draft && may("approve") && APPROVERS.includes(role) && !given.some((approval) => approval.role === role)) {
    act(h("button", { type: "button", class: "primary", disabled: open !== "" }, `Approve as ${roleWords(role).toLowerCase()}`), async () => {
      desk.kept(await send<Draft>("POST", `desk/drafts/${draft.id}/approve`, { digest: draft.digest }));
    });
  }
  if (draft && may("publish")) {
    act(h("button", { type: "button", class: "primary", disabled: open !== "" || !both }, "Publish: grant the permit"), async () => {
      await send("POST", `desk/drafts/${draft.id}/publish`);
      desk.kept({ ...draft, published: true });
      document.querySelector<HTMLElement>("#decided")?.focus();
    });
  }
  return h("section", { class: "card", "aria-labelledby": "decide-title" },
    h("h3", { id: "decide-title" }, "Approval and permit"),
    draft ? h("p", {}, h("a", { href: `/assessments/read/${draft.id}`, target: "_blank", rel: "noopener" }, "Read it as a whole"), " (in a new tab) before you approve it, or ", h("a", { href: `/assessments/print/${draft.id}`, target: "_blank", rel: "noopener" }, "print it"), ".") : null,
    h("p", { class: "note" }, "Two different people approve, each as the text names them: one answers for the processing as controller, one watches over privacy. Each approval is signed and stands in the public ledger. A change to the text takes both back."),
    h("ul", { class: "agreed" }, ...rows),
    open && h("p", { class: "note" }, open),
    !may("approve") && h("p", { class: "note" }, "Your role does not approve: it takes the controller and the privacy officer."),
    error, actions);
}

function discardCard(desk: Desk, draft: Draft): HTMLElement {
  const live = desk.live();
  const kept = live ? ` Revision ${live.revision} stays in force.` : "";
  const given = draft.approvals.length ? " Its approval is taken back, and the public ledger says so." : "";
  const [go, error] = discardButton(draft, `Delete the draft of ${draft.id}, revision ${draft.revision}?`, `What was written in it is gone for good.${kept}${given}`, () => desk.discarded());
  return h("section", { class: "card", "aria-labelledby": "discard-title" },
    h("h3", { id: "discard-title" }, "Not needed any more"),
    h("p", { class: "note" }, `A draft permits nothing, and whoever may write one may delete it.${kept} What was written in it cannot be had back once it is deleted.`),
    error, h("p", {}, go));
}

/** Whom the text of `draft` names to approve it as `role`. */
function named(draft: Draft, role: string): string {
  const approvers = draft.document["approvers"];
  const k = Array.isArray(approvers) ? approvers.findIndex((_, k) => valueAt(draft.document, `approvers[${k}].role`) === role) : -1;
  return k < 0 ? "" : String(valueAt(draft.document, `approvers[${k}].name`) ?? "");
}

function publishedCard(draft: Draft): HTMLElement {
  const name = `${draft.id}@${draft.revision}`;
  return h("section", { class: "card", "aria-labelledby": "decided" },
    h("h3", { id: "decided", tabindex: -1 }, `Permit ${name} is granted`),
    h("p", {}, "The cameras in it start by themselves when its period and hours allow, and the public can read it."),
    h("p", { class: "row-links" },
      h("a", { href: `/portal/en/assessments/${name}` }, "As the public reads it"),
      h("a", { href: "/assessments" }, "All assessments")));
}

function words(problem: unknown): string {
  return sentence(problem instanceof Error ? problem.message : String(problem));
}
