/** A form made from a JSON Schema: one control for each field, its help beside it, its findings below it. */

import { blank, type Data, type Json, kindOf, languagesOf, newName, put, resolved, type Schema, valueAt } from "./document";
import { h } from "./dom";
import { choiceWords, label, languageWords, one, pattern } from "./fields";
import { capabilityWords } from "./govern";
import { capital } from "./words";

export interface Finding {
  field: string;
  what: string;
  clause: string;
  pack: string;
  mend: string;
}

export interface Choices {
  capabilities: string[];
  packs: { id: string; title: string; rules: number }[];
  software: string;
}

/** Where the names in a list of references stand. */
const REFERENCES: Record<string, string> = { "capabilities[].aims": "aims", "capabilities[].cameras": "cameras", "measures[].harms": "harms" };
/** Lists that show the names of another one. */
const SHOWN_IN: Record<string, string> = { aims: "capabilities", cameras: "capabilities", harms: "measures" };
const LANGUAGES = ["en", "zh-Hant", "zh-Hans", "fr", "cy", "es", "de", "pt", "ar", "bn", "ru", "ko", "ht", "ur", "pl", "yi"];
/** Lines for which only certain words do, though the schema allows any. */
const NAMED: Record<string, { values(choices: Choices): string[]; words(one: string): string }> = {
  "capabilities[].name": { values: (choices) => ["", ...choices.capabilities], words: (one) => `${one}: ${capabilityWords(one)}` },
  language: { values: () => LANGUAGES, words: languageWords },
};
/** With more entries than this, a list shows each one closed, and makes its fields when it is opened. */
const MANY = 6;
/** With more names than this, a list of references is written, not ticked. */
const TICKS = 40;

interface Slot {
  wrapper: HTMLElement;
  list: HTMLElement;
  controls: HTMLElement[];
}

/** Owns the controls that are shown; writes what is answered into the document at once. */
export class Form {
  private readonly slots = new Map<string, Slot>();
  private readonly tables = new Map<string, () => void>();
  private findings: Finding[] = [];
  /** Fields that cannot be changed any more. */
  fixed: string[] = [];

  constructor(
    private readonly root: Schema,
    private readonly data: Data,
    private readonly choices: Choices,
    private readonly changed: () => void,
  ) {}

  /** Controls for these top-level fields; those shown before are forgotten. */
  show(names: string[]): HTMLElement[] {
    this.slots.clear();
    this.tables.clear();
    const made = names.map((name) => this.field(name, this.root.properties?.[name] ?? {}, true));
    this.tell(this.findings);
    return made;
  }

  /** Show findings beside the fields that they are about, or the nearest that is shown. */
  tell(findings: Finding[]): void {
    this.findings = findings;
    const by = new Map<string, Finding[]>();
    for (const finding of findings) {
      let path = finding.field;
      while (path && !this.slots.has(path)) path = path.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, "");
      if (path) by.set(path, [...(by.get(path) ?? []), finding]);
    }
    for (const [path, slot] of this.slots) {
      const here = by.get(path) ?? [];
      const key = JSON.stringify(here);
      if (slot.list.dataset["key"] === key) continue;
      slot.list.dataset["key"] = key;
      const help = slot.wrapper.querySelector(":scope > .help")?.textContent ?? "";
      // Where how to mend it is the help that stands there already, it is not said twice.
      slot.list.replaceChildren(...here.map((finding) => findingItem(finding.mend === help ? { ...finding, mend: "" } : finding)));
      slot.list.hidden = here.length === 0;
      slot.wrapper.classList.toggle("lacking", here.length > 0);
      for (const control of slot.controls) control.toggleAttribute("aria-invalid", false);
      if (here.length) for (const control of slot.controls) control.setAttribute("aria-invalid", "true");
    }
    for (const [path, slot] of this.slots) {
      const badge = path.endsWith("]") && slot.wrapper.querySelector(":scope > summary .badge");
      if (!badge) continue;
      const count = findings.filter((finding) => finding.field.startsWith(path)).length;
      badge.textContent = count ? `${count} to mend` : "";
    }
  }

  /** Move to the control of `path`, or the nearest that is shown. */
  focus(path: string): void {
    let at = path;
    while (at && !this.slots.has(at)) at = at.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, "");
    const slot = this.slots.get(at);
    if (!slot) return;
    for (let above: HTMLElement | null = slot.wrapper; above; above = above.parentElement) if (above instanceof HTMLDetailsElement) above.open = true;
    const control = slot.controls[0] ?? slot.wrapper.querySelector<HTMLElement>("input, textarea, select, button, summary");
    slot.wrapper.scrollIntoView({ block: "center" });
    control?.focus({ preventScroll: true });
  }

  private slot(path: string, wrapper: HTMLElement, controls: HTMLElement[]): HTMLElement {
    const list = h("ul", { class: "findings", id: `w-${path}`, hidden: true });
    this.slots.set(path, { wrapper, list, controls });
    return list;
  }

  private forget(path: string): void {
    for (const known of [...this.slots.keys()]) if (known.startsWith(`${path}[`)) this.slots.delete(known);
    for (const known of [...this.tables.keys()]) if (known.startsWith(`${path}[`)) this.tables.delete(known);
  }

  private write(path: string, value: Json): void {
    put(this.data, path, value);
    this.changed();
  }

  private field(path: string, schema: Schema, top = false): HTMLElement {
    const { kind, schema: whole } = kindOf(schema, this.root);
    if (kind === "group") return this.group(path, whole, top);
    if (kind === "table") return this.table(path, whole, top);
    if (kind === "texts" || kind === "choices" || kind === "references") return this.several(path, whole, kind);
    if (kind === "yes") return this.tick(path, whole);
    return this.single(path, schema);
  }

  private group(path: string, schema: Schema, top: boolean): HTMLElement {
    const inner = Object.entries(schema.properties ?? {}).map(([name, one]) => this.field(`${path}.${name}`, one));
    const box = h("fieldset", { class: top ? "card form-card" : "form-group" });
    const list = this.slot(path, box, []);
    box.append(h("legend", {}, label(path)), h("p", { class: "help" }, schema.description ?? ""), list, ...inner);
    return box;
  }

  private single(path: string, schema: Schema): HTMLElement {
    const { kind, schema: whole, optional } = kindOf(schema, this.root);
    const value = valueAt(this.data, path);
    const common = { id: `f-${path}`, "aria-describedby": `h-${path} w-${path}` };
    let control: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
    if (kind === "prose" || kind === "lines") {
      control = h("textarea", { ...common, rows: 3, maxlength: kind === "prose" ? (whole.maxLength ?? null) : null });
      control.value = Array.isArray(value) ? value.join("\n") : String(value ?? "");
    } else if (kind === "choice" || kind === "yes-no" || pattern(path) in NAMED) {
      const named = NAMED[pattern(path)];
      control = this.select(path, named ? named.values(this.choices) : kind === "yes-no" ? ["", "true", "false"] : (whole.enum ?? []).map(String), common, value);
    } else {
      const frozen = pattern(path) === "cameras[].fingerprint" || pattern(path) === "cameras[].site" || this.fixed.includes(path);
      const type = kind === "date" ? "date" : kind === "number" ? "number" : "text";
      control = h("input", { ...common, type, autocomplete: "off", maxlength: type === "text" ? (whole.maxLength ?? null) : null, min: whole.minimum ?? null, max: whole.maximum ?? null, readonly: frozen });
      control.value = value === null || value === undefined ? "" : String(value);
    }
    const read = (): Json => {
      const text = control.value;
      if (kind === "lines") return text.split("\n").map((line) => line.trim()).filter(Boolean);
      if (kind === "yes-no") return text === "" ? null : text === "true";
      if (kind === "number") return text === "" ? (optional ? null : (whole.minimum ?? 0)) : Number(text);
      if (kind === "date") return text === "" ? null : text;
      return text;
    };
    let before = value;
    control.addEventListener("input", () => this.write(path, read()));
    control.addEventListener("change", () => {
      const now = read();
      if (path.endsWith(".id") && typeof before === "string" && typeof now === "string") this.renamed(path, before, now);
      before = now;
    });
    const wrapper = h("div", { class: `field field-${kind}` });
    wrapper.append(h("label", { for: `f-${path}` }, label(path)), h("p", { class: "help", id: `h-${path}` }, (whole.description ?? "") + (kind === "lines" ? " One for each line." : "")), control, this.slot(path, wrapper, [control]));
    return wrapper;
  }

  private select(path: string, values: string[], common: Record<string, string>, value: Json | undefined): HTMLSelectElement {
    const words = (one: string): string => {
      if (one === "") return "Choose…";
      if (one === "true") return "Yes";
      if (one === "false") return "No";
      return (NAMED[pattern(path)]?.words ?? choiceWords)(one);
    };
    const now = value === null || value === undefined ? "" : String(value);
    const all = values.includes(now) ? values : [now, ...values];
    const control = h("select", common, ...all.sort((a, b) => Number(b === "") - Number(a === "")).map((one) => h("option", { value: one }, words(one))));
    control.value = now;
    return control;
  }

  private tick(path: string, schema: Schema): HTMLElement {
    const control = h("input", { type: "checkbox", id: `f-${path}`, checked: valueAt(this.data, path) === true, "aria-describedby": `h-${path} w-${path}` });
    control.addEventListener("change", () => this.write(path, control.checked));
    const wrapper = h("div", { class: "field field-yes" });
    wrapper.append(h("label", { class: "tick" }, control, h("span", {}, label(path))), h("p", { class: "help", id: `h-${path}` }, schema.description ?? ""), this.slot(path, wrapper, [control]));
    return wrapper;
  }

  /** Public texts by language, and lists of names that are ticked. */
  private several(path: string, schema: Schema, kind: "texts" | "choices" | "references"): HTMLElement {
    const wrapper = h("fieldset", { class: `field field-${kind}`, "aria-describedby": `h-${path} w-${path}` });
    const inside = h("div", { class: kind === "texts" ? "texts" : "ticks" });
    const controls: HTMLElement[] = [];
    wrapper.append(h("legend", {}, label(path)), h("p", { class: "help", id: `h-${path}` }, schema.description ?? ""), inside, this.slot(path, wrapper, controls));
    if (kind === "texts") this.texts(path, inside, controls);
    else this.ticks(path, schema, inside, controls);
    return wrapper;
  }

  private texts(path: string, inside: HTMLElement, controls: HTMLElement[]): void {
    const add = (tag: string): void => {
      const now = (valueAt(this.data, path) ?? {}) as Data;
      const area = h("textarea", { id: `f-${path}.${tag}`, rows: 2, lang: tag, "aria-describedby": `w-${path}` });
      area.value = String(now[tag] ?? "");
      area.addEventListener("input", () => {
        const { [tag]: _, ...rest } = (valueAt(this.data, path) ?? {}) as Data;
        this.write(path, area.value === "" ? rest : { ...rest, [tag]: area.value });
      });
      controls.push(area);
      inside.append(h("div", { class: "text" }, h("label", { for: `f-${path}.${tag}` }, languageWords(tag), h("span", { class: "hidden" }, `, ${label(path)}`)), area));
    };
    const tags = languagesOf(this.data, this.root);
    for (const tag of tags) add(tag);
    if (path !== "title") return;
    const more = h("select", { "aria-label": "Add a language" }, h("option", { value: "" }, "Add a language…"), ...LANGUAGES.filter((tag) => !tags.includes(tag)).map((tag) => h("option", { value: tag }, languageWords(tag))));
    const go = h("button", { type: "button", class: "quiet" }, "Add");
    go.addEventListener("click", () => {
      if (!more.value) return;
      put(this.data, path, { ...((valueAt(this.data, path) ?? {}) as Data), [more.value]: "" });
      add(more.value);
      controls.at(-1)?.focus();
      more.selectedOptions[0]?.remove();
      this.changed();
    });
    inside.after(h("p", { class: "add-language" }, more, go));
  }

  private ticks(path: string, schema: Schema, inside: HTMLElement, controls: HTMLElement[]): void {
    const list = REFERENCES[pattern(path)];
    const names = list === undefined ? [] : ((valueAt(this.data, list) ?? []) as Data[]).map((entry) => String(entry["id"] ?? ""));
    const chosen = (): string[] => ((valueAt(this.data, path) ?? []) as Json[]).map(String);
    const known: [string, string][] =
      path === "packs" ? this.choices.packs.map(({ id, title }) => [id, `${id}: ${title}`])
      : list !== undefined ? names.filter(Boolean).map((name) => [name, name])
      : (resolved(schema.items ?? {}, this.root).enum ?? []).map((value) => [String(value), choiceWords(String(value))]);
    if (pattern(path).endsWith(".days")) known.sort(([a], [b]) => WEEK.indexOf(a) - WEEK.indexOf(b));
    for (const name of chosen()) if (!known.some(([value]) => value === name)) known.push([name, `${name} (unknown)`]);
    if (known.length > TICKS) {
      const area = h("textarea", { rows: 4, "aria-label": `${label(path)}, one for each line` });
      area.value = chosen().join("\n");
      area.addEventListener("input", () => this.write(path, area.value.split(/\s+/).filter(Boolean)));
      controls.push(area);
      inside.append(area);
      return;
    }
    if (known.length === 0) inside.append(h("p", { class: "note" }, list ? `There are no ${list} yet.` : "There is nothing to choose."));
    for (const [value, words] of known) {
      const box = h("input", { type: "checkbox", value, checked: chosen().includes(value) });
      box.addEventListener("change", () => this.write(path, known.map(([name]) => name).filter((name) => (name === value ? box.checked : chosen().includes(name)))));
      controls.push(box);
      inside.append(h("label", { class: "tick" }, box, h("span", {}, words)));
    }
  }

  private table(path: string, schema: Schema, top: boolean): HTMLElement {
    const box = h("fieldset", { class: top ? "card form-card" : "form-group" });
    const entries = h("ol", { class: "entries" });
    const item = resolved(schema.items ?? {}, this.root);
    const add = h("button", { type: "button", class: "quiet" }, `Add ${/^[aeiou]/.test(one(path)) ? "an" : one(path) === "hours" ? "" : "a"} ${one(path)}`.replace("  ", " "));
    const rows = (): Data[] => (valueAt(this.data, path) ?? []) as Data[];
    const draw = (open = -1): void => {
      this.forget(path);
      entries.replaceChildren(...rows().map((_, k) => this.entry(path, item, k, open, draw, add)));
      entries.hidden = rows().length === 0;
      this.tell(this.findings);
    };
    add.addEventListener("click", () => {
      const fresh = blank(item, this.root) as Data;
      if ("id" in (item.properties ?? {})) fresh["id"] = newName(one(path), rows().map((row) => row["id"]));
      this.write(path, [...rows(), fresh]);
      draw(rows().length - 1);
      this.redraw(path);
      entries.lastElementChild?.querySelector<HTMLElement>("input:not([readonly]), textarea, select")?.focus();
    });
    const list = this.slot(path, box, []);
    box.append(h("legend", {}, label(path)), h("p", { class: "help" }, schema.description ?? ""), list, entries, add);
    this.tables.set(path, () => draw());
    draw();
    return box;
  }

  private entry(path: string, item: Schema, k: number, open: number, draw: () => void, add: HTMLElement): HTMLElement {
    const at = `${path}[${k}]`;
    const name = (): string => {
      const row = (valueAt(this.data, at) ?? {}) as Data;
      return String(row["id"] || row["name"] || row["role"] || "") || `${one(path)} ${k + 1}`;
    };
    const remove = h("button", { type: "button", class: "quiet remove" }, "Remove", h("span", { class: "hidden" }, ` ${one(path)} ${name()}`));
    remove.addEventListener("click", () => {
      const rows = valueAt(this.data, path) as Data[];
      this.write(path, rows.filter((_, other) => other !== k));
      draw();
      this.redraw(path);
      add.focus();
    });
    const title = h("span", { class: "entry-name" }, name());
    const inside = h("div", { class: "entry-fields" });
    const fill = (): void => {
      if (inside.childElementCount) return;
      inside.append(...Object.entries(item.properties ?? {}).map(([field, one]) => this.field(`${at}.${field}`, one)), remove);
      inside.addEventListener("input", () => { title.textContent = name(); });
      this.tell(this.findings);
    };
    const many = ((valueAt(this.data, path) ?? []) as Json[]).length > MANY;
    const box = h("details", { class: "entry", open: !many || k === open }, h("summary", {}, title, h("span", { class: "badge" })));
    const li = h("li", {}, box);
    box.append(this.slot(at, box, []), inside);
    if (box.open) fill();
    box.addEventListener("toggle", () => { if (box.open) fill(); });
    return li;
  }

  /** The list that shows the names of the one at `path` is drawn again. */
  private redraw(path: string): void {
    const other = SHOWN_IN[path];
    if (other) this.tables.get(other)?.();
  }

  /** What refers to an entry goes on doing so when its name changes. */
  private renamed(path: string, before: string, now: string): void {
    const list = path.split("[")[0] ?? "";
    for (const [shape, of] of Object.entries(REFERENCES)) {
      if (of !== list) continue;
      const [table, field] = shape.split("[].") as [string, string];
      for (const row of (valueAt(this.data, table) ?? []) as Data[]) row[field] = ((row[field] ?? []) as Json[]).map((name) => (name === before ? now : name));
    }
    this.redraw(list);
  }
}

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** What is wrong, what asks for it, and how to mend it. */
export function findingItem(finding: Finding): HTMLElement {
  return h("li", {}, h("span", {}, capital(finding.what), ". "), h("span", { class: "clause" }, finding.clause),
    finding.mend && h("span", { class: "mend" }, finding.mend));
}
