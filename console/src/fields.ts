/** How an assessment's fields are called and grouped. What each means is the schema's own help text. */

import { capital } from "./words";

export interface Step {
  id: string;
  title: string;
  lede: string;
  fields: string[];
}

export const REVIEW = "review";

/** In the order in which they are best answered; a field in none of them is in the last. Their ids stand in the address: an element of the page by such an id would take the focus from the step. */
const STEPS: Step[] = [
  { id: "what", title: "What it is", lede: "Its name, whose rules it must meet, and what it is in plain words.", fields: ["id", "revision", "language", "packs", "title", "summary", "software", "simulated", "review_date"] },
  { id: "answers", title: "Who answers", lede: "Who answers in law, who watches over privacy, and who is to approve: two people.", fields: ["controller", "privacy_officer", "approvers", "processors"] },
  { id: "why", title: "Aims and law", lede: "What it is for, what shows that it is needed, and what allows it.", fields: ["aims", "legal", "authorisation"] },
  { id: "cameras", title: "Cameras and time", lede: "What each camera sees, what it may do and for which aim, and when.", fields: ["cameras", "capabilities", "period"] },
  { id: "data", title: "Data", lede: "What is done with what data, how well it measures, how long it is kept and how it is kept safe.", fields: ["processing", "accuracy", "retention", "security"] },
  { id: "people", title: "People and harm", lede: "Whom it affects, how they could be harmed, and what is done about it.", fields: ["people", "harms", "measures", "residual"] },
  { id: "need", title: "Need and measure", lede: "Why this, why no less would do, and who watches over it.", fields: ["necessity", "oversight"] },
  { id: "public", title: "The public", lede: "How people are told, what they may ask for, how they complain, and who was asked before.", fields: ["notice", "rights", "complaints", "consultation"] },
];

/** The steps for a schema with these top-level `names`, the review last. */
export function steps(names: string[]): Step[] {
  const placed = new Set(STEPS.flatMap((step) => step.fields));
  const rest = names.filter((name) => !placed.has(name));
  return [
    ...STEPS.map((step) => ({ ...step, fields: step.fields.filter((name) => names.includes(name)) })),
    ...(rest.length ? [{ id: "more", title: "More", lede: "", fields: rest }] : []),
    { id: REVIEW, title: "Review and approve", lede: "What still has to be mended, what changes, and the two approvals.", fields: [] },
  ];
}

const LABELS: Record<string, string> = {
  id: "Short name",
  packs: "Policy packs",
  software: "Version of Plainview",
  simulated: "A demonstration: nobody in it exists",
  language: "Language of the answers",
  approvers: "Who is to approve",
  processors: "Others who handle the data",
  legal: "What allows it",
  authorisation: "Permission of an outside authority",
  processing: "What is done with data",
  people: "People affected",
  harms: "Harms",
  measures: "Measures against the harms",
  residual: "Risk that is left",
  necessity: "Need and proportion",
  security: "Security",
  oversight: "Human oversight",
  notice: "Notice to the public",
  rights: "Rights of people",
  retention: "How long data are kept",
  period: "When",
  aims: "Aims",
  controller: "Controller",
  privacy_officer: "Privacy officer",
  accuracy: "Accuracy",
  "aims[].text": "Aim",
  "aims[].success": "How success is seen",
  "harms[].text": "Harm",
  "measures[].text": "What is done",
  "measures[].harms": "Acts against",
  "legal.text": "Why that basis fits",
  "residual.text": "What is left, and why it can be accepted",
  "retention.text": "Why that long",
  "retention.footage": "Sealed recordings",
  "retention.access": "Names behind the access log",
  "oversight.text": "Who watches over it",
  "notice.text": "The notice itself",
  "rights.text": "What people can ask for",
  "complaints.text": "How to complain",
  "necessity.alternatives[].text": "Alternative",
  "capabilities[].name": "Capability",
  "cameras[].private": "Private places in view",
  "cameras[].sees": "What it sees",
  "period.hours": "Hours",
  "people.number": "How many people",
  "people.disparate": "Unequal weight on groups",
  "security.access": "Who may look",
};

const ONE: Record<string, string> = {
  aims: "aim",
  harms: "harm",
  measures: "measure",
  cameras: "camera",
  capabilities: "capability",
  processors: "processor",
  approvers: "approver",
  "period.hours": "hours",
  "necessity.alternatives": "alternative",
};

/** `aims[0].text` as `aims[].text`. */
export function pattern(path: string): string {
  return path.replace(/\[[^\]]*\]/g, "[]");
}

/** What the field at `path` is called. */
export function label(path: string): string {
  const shape = pattern(path);
  const last = shape.split(".").at(-1) ?? shape;
  const name = LABELS[shape] ?? (shape.includes(".") ? undefined : LABELS[last]) ?? (last === "id" ? LABELS["id"] : undefined);
  if (name) return name;
  const words = last.replace("[]", "").replaceAll("_", " ");
  return capital(words);
}

/** What one entry of the list at `path` is called: "aim". */
export function one(path: string): string {
  return ONE[pattern(path)] ?? "entry";
}

/** "Aim 2, evidence" for `aims[1].evidence`, "Capability flow, cameras" for `capabilities[flow].cameras`. */
export function placeWords(path: string): string {
  if (!path) return "The whole";
  const parts: string[] = [];
  let so = "";
  for (const [step] of path.matchAll(/[^.[]+(\[[^\]]*\])?/g)) {
    so = so ? `${so}.${step}` : step;
    const index = /\[([^\]]*)\]$/.exec(step)?.[1];
    if (index === undefined) parts.push(label(so));
    else {
      const name = one(so.replace(/\[[^\]]*\]$/, ""));
      parts.push(`${capital(name)} ${/^\d+$/.test(index) ? Number(index) + 1 : index}`);
    }
  }
  return parts.map((part, k) => (k ? part.slice(0, 1).toLowerCase() + part.slice(1) : part)).join(", ");
}

/** A choice as people read it: "public task" for `public-task`. */
export function choiceWords(value: string): string {
  const words = value.replaceAll("-", " ");
  return capital(words);
}

const LANGUAGE_NAMES = new Intl.DisplayNames(["en"], { type: "language" });

/** "Traditional Chinese" for `zh-Hant`. */
export function languageWords(tag: string): string {
  try {
    return LANGUAGE_NAMES.of(tag) ?? tag;
  } catch {
    return tag;
  }
}
