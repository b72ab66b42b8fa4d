/** All assessments: live ones, those being written, and what each still needs. */

import { ask } from "./api";
import { discardButton } from "./discard";
import { demonstration, h, part } from "./dom";
import { cameras, roleWords } from "./govern";
import { may } from "./session";
import { day, daysUntil } from "./words";

interface Row {
  id: string;
  revision: number;
  title: string;
  published: boolean;
  findings: number;
  approvals: { role: string; t: number }[];
  begins: string | null;
  ends: string | null;
  review: string | null;
  simulated: boolean;
  cameras: number;
  packs: string[];
  digest: string;
  /** Why it cannot be read, and how to mend it; empty where it is read. */
  fault: string;
}

interface Rows {
  rows: Row[];
  /** More that are in force, and end later than those in `rows`. */
  later: number;
  /** Older files of drafts that are not in `rows`. */
  unread: number;
  folder: string;
}

/** Days before its end at which a live assessment is marked. */
const SOON = 30;

/** Fill `main` with the list. Throws Problem when it may not be read. */
export async function show(main: HTMLElement): Promise<void> {
  const { rows, later, unread, folder } = await ask<Rows>("desk/drafts");
  document.title = "Assessments – Plainview";
  part("link").hidden = true;
  const live = rows.filter((row) => row.published);
  const drafts = rows.filter((row) => !row.published);
  if (rows.some((row) => row.simulated)) {
    demonstration("At least one assessment is of a simulated place: its people do not exist.");
  }
  main.replaceChildren(
    h("div", { class: "narrow" },
      h("div", { class: "title-row" }, h("h1", {}, "Assessments"),
        may("assess") && h("a", { class: "button primary", href: "/assessments/new" }, "Write a new assessment")),
      h("p", { class: "lede" }, "Nothing runs without one: an assessment that two people approved, once published, is the permit."),
      group("In force", live, "No assessment is in force, so no camera runs.", drafts, endLater(later)),
      group("Being written", drafts, "Nothing is being written.", drafts, leftOut(unread, folder))),
  );
}

/** That more are in force than the list shows, and where all of them are; null where there are none. */
function endLater(count: number): HTMLElement | null {
  if (count === 0) return null;
  const words = count === 1 ? "One more is in force and ends" : `${count.toLocaleString("en")} more are in force and end`;
  return h("p", { class: "note left-out" }, `${words} later than these: `, h("a", { href: "/portal/en/assessments" }, "all of them, as the public reads them"), ".");
}

/** That there are more drafts than the list reads, and where they are; null where there are none. */
function leftOut(count: number, folder: string): HTMLElement | null {
  if (count === 0) return null;
  const words = count === 1 ? "One older draft is" : `${count.toLocaleString("en")} older drafts are`;
  return h("p", { class: "note left-out" }, `${words} not shown: see ${folder} in the state folder of this Plainview. Each can be opened at /assessments/edit/ and its short name; those that are published or given up can be deleted there.`);
}

function group(title: string, rows: Row[], none: string, drafts: Row[], more: HTMLElement | null = null): HTMLElement {
  const id = title.replace(/\W/g, "-").toLowerCase();
  return h("section", { class: "group", "aria-labelledby": id },
    h("h2", { id }, title),
    rows.length ? h("ul", { class: "rows" }, ...rows.map((row) => item(row, drafts))) : h("p", { class: "note" }, none),
    more);
}

function item(row: Row, drafts: Row[]): HTMLElement {
  if (row.fault) return broken(row);
  const name = row.title || row.id;
  const facts = [`${row.id}, revision ${row.revision}`, cameras(row.cameras), row.packs.length ? `rules: ${row.packs.join(", ")}` : "no policy pack"];
  const written = drafts.some((draft) => draft.id === row.id);
  const words = !may("assess") || (row.published && written) ? "Read" : row.published ? "Revise" : "Edit";
  const hidden = h("span", { class: "hidden" }, ` ${name}`);
  return h("li", { class: "card row" },
    h("div", { class: "row-text" },
      h("h3", {}, name, " ", row.simulated && h("span", { class: "pill", "data-grade": "note" }, "Demonstration")),
      h("p", { class: "note" }, facts.join(" · ")),
      h("p", { class: "pills" }, ...(row.published ? livePills(row) : draftPills(row)))),
    h("p", { class: "row-links" },
      row.published && h("a", { href: `/portal/en/assessments/${row.id}@${row.revision}` }, "As the public reads it", hidden.cloneNode(true)),
      h("a", { class: "button", href: `/assessments/edit/${row.id}${words === "Read" && row.published ? "?live=1" : ""}` }, words, hidden)));
}

/** A draft whose file was damaged, or written by hand and wrong: it is there, and must not be forgotten. */
function broken(row: Row): HTMLElement {
  const [go, error] = discardButton(row, `Delete the draft of ${row.id}?`, "It cannot be read here. What stands in its file is gone for good.", () => location.reload());
  return h("li", { class: "card row" },
    h("div", { class: "row-text" },
      h("h3", {}, row.id),
      h("p", { class: "pills" }, pill("bad", "Cannot be read")),
      h("p", {}, row.fault.replace(/\.?$/, "."), " The file is in the state folder of this Plainview."), error),
    row.digest && may("assess") && h("p", { class: "row-links" }, go));
}

function livePills(row: Row): HTMLElement[] {
  const found: HTMLElement[] = [];
  const left = row.ends === null ? null : daysUntil(row.ends);
  const begins = row.begins === null ? 0 : daysUntil(row.begins);
  if (left !== null && left < 0) found.push(pill("bad", `Ended on ${day(row.ends)}`));
  else if (begins > 0) found.push(pill("note", `Begins on ${day(row.begins)}`));
  else if (left !== null && left <= SOON) found.push(pill("warn", `Ends ${left === 0 ? "today" : left === 1 ? "tomorrow" : `in ${left} days`}, on ${day(row.ends)}: renew it`));
  else found.push(pill("good", row.ends === null ? "In force" : `In force until ${day(row.ends)}`));
  if (row.review !== null) {
    const due = daysUntil(row.review);
    found.push(due < 0 ? pill("warn", `Review was due on ${day(row.review)}`) : pill("note", `Review by ${day(row.review)}`));
  }
  return found;
}

function draftPills(row: Row): HTMLElement[] {
  if (row.findings) return [pill("warn", `${row.findings} ${row.findings === 1 ? "finding" : "findings"} to mend`)];
  const given = row.approvals.map((approval) => approval.role);
  const lacking = ["controller", "privacy-officer"].filter((role) => !given.includes(role));
  return [
    ...given.map((role) => pill("good", `Approved: ${roleWords(role).toLowerCase()}`)),
    ...lacking.map((role) => pill("note", `Waits for the ${roleWords(role).toLowerCase()}`)),
    ...(lacking.length ? [] : [pill("good", "Ready to publish")]),
  ];
}

function pill(grade: string, words: string): HTMLElement {
  return h("span", { class: "pill", "data-grade": grade }, words);
}
