/** An assessment as JSON, and the JSON Schema that says what stands where in it. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Data = { [key: string]: Json };

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: Json[];
  anyOf?: Schema[];
  format?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  additionalProperties?: boolean | Schema;
  default?: Json;
}

export type Kind = "line" | "prose" | "choice" | "date" | "number" | "yes" | "yes-no" | "texts" | "choices" | "references" | "lines" | "table" | "group";

/** `schema` with its reference followed; what stands beside the reference, such as help, is kept. */
export function resolved(schema: Schema, root: Schema): Schema {
  if (!schema.$ref) return schema;
  const found = root.$defs?.[schema.$ref.split("/").at(-1) ?? ""] ?? {};
  const { $ref: _, ...own } = schema;
  return { ...resolved(found, root), ...own };
}

/** How a value of `schema` is asked for; `optional` where it may be left out (null). */
export function kindOf(schema: Schema, root: Schema): { kind: Kind; schema: Schema; optional: boolean } {
  const whole = resolved(schema, root);
  const real = whole.anyOf?.filter((one) => one.type !== "null") ?? [];
  if (whole.anyOf && real.length === 1 && real[0]) {
    const inner = kindOf({ ...real[0], ...(whole.description !== undefined && { description: whole.description }) }, root);
    return { ...inner, kind: inner.kind === "yes" ? "yes-no" : inner.kind, optional: true };
  }
  const of = (kind: Kind): { kind: Kind; schema: Schema; optional: boolean } => ({ kind, schema: whole, optional: false });
  if (whole.enum) return of("choice");
  if (whole.type === "boolean") return of("yes");
  if (whole.type === "integer" || whole.type === "number") return of("number");
  if (whole.type === "array") {
    const item = resolved(whole.items ?? {}, root);
    if (item.properties) return of("table");
    if (item.enum) return of("choices");
    return of((item.maxLength ?? 0) > 200 ? "lines" : "references");
  }
  if (whole.type === "object") return of(whole.properties ? "group" : "texts");
  if (whole.format === "date") return of("date");
  return of((whole.maxLength ?? 200) > 200 ? "prose" : "line");
}

/** What stands in a new value of `schema`: its default, or nothing. */
export function blank(schema: Schema, root: Schema): Json {
  const { kind, schema: whole, optional } = kindOf(schema, root);
  if (whole.default !== undefined) return structuredClone(whole.default);
  if (optional) return null;
  if (kind === "group") return Object.fromEntries(Object.entries(whole.properties ?? {}).map(([name, one]) => [name, blank(one, root)]));
  if (kind === "texts") return {};
  if (kind === "table" || kind === "choices" || kind === "references" || kind === "lines") return [];
  if (kind === "yes") return false;
  if (kind === "number") return whole.minimum ?? 0;
  if (kind === "choice") return whole.enum?.includes("") ? "" : (whole.enum?.[0] ?? "");
  return "";
}

/** `aims[0].text` in its steps. */
export function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map((found) => (found[2] === undefined ? (found[1] ?? "") : Number(found[2])));
}

/** What stands at `path`; undefined where nothing does. */
export function valueAt(data: Json, path: string): Json | undefined {
  let at: Json | undefined = data;
  for (const step of stepsOf(path)) {
    if (at === null || typeof at !== "object") return undefined;
    at = Array.isArray(at) ? (typeof step === "number" ? at[step] : undefined) : at[step];
  }
  return at;
}

/** Put `value` at `path`; what is above it is there already. */
export function put(data: Json, path: string, value: Json): void {
  const way = stepsOf(path);
  const last = way.pop();
  let at: Json | undefined = data;
  for (const step of way) at = Array.isArray(at) ? at[step as number] : (at as Data)[step];
  if (Array.isArray(at)) at[last as number] = value;
  else if (at !== null && typeof at === "object" && last !== undefined) at[last] = value;
}

/** Every language that a public text of `data` is written in, the answers' own first. */
export function languagesOf(data: Data, root: Schema): string[] {
  const found = new Set<string>([typeof data["language"] === "string" && data["language"] ? data["language"] : "en"]);
  const look = (value: Json | undefined, schema: Schema): void => {
    const { kind, schema: whole } = kindOf(schema, root);
    if (value === null || typeof value !== "object") return;
    if (kind === "texts" && !Array.isArray(value)) for (const tag of Object.keys(value)) found.add(tag);
    if (kind === "group" && !Array.isArray(value)) for (const [name, one] of Object.entries(whole.properties ?? {})) look(value[name], one);
    if (kind === "table" && Array.isArray(value)) for (const one of value) look(one, { ...resolved(whole.items ?? {}, root) });
  };
  look(data, root);
  return [...found];
}

/** A name like `aim-3` that none of `taken` is. */
export function newName(stem: string, taken: (Json | undefined)[]): string {
  let k = taken.length + 1;
  while (taken.includes(`${stem}-${k}`)) k += 1;
  return `${stem}-${k}`;
}
