/** Making and changing elements. Text only ever goes in as text, so nothing from the API is markup. */

export type Child = Node | string | null | undefined | false;
export type Attributes = Record<string, string | number | boolean | null | undefined>;

/** A new element; a false, null or undefined attribute is left out, `class` is the class. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.filter(shown));
  return element;
}

/** As `h`, in the SVG name space. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children.filter(shown));
  return element;
}

function shown(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false;
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Change an element's text only when it differs: a screen reader must not hear it again. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Let `parent` hold `children`, changing only what differs: who reads it by keyboard or by ear stays
 * where they are while it is told anew each second. For what has no listeners of its own.
 */
export function refill(parent: Element, ...children: Node[]): void {
  children.forEach((child, k) => {
    const old = parent.childNodes[k];
    if (!old) parent.append(child);
    else if (!grown(old, child)) old.replaceWith(child);
  });
  while (parent.childNodes.length > children.length) parent.lastChild?.remove();
}

/** Make `old` what `now` is, where only texts and children differ; false where more does. */
function grown(old: Node, now: Node): boolean {
  if (old instanceof Text && now instanceof Text) {
    if (old.data !== now.data) old.data = now.data;
    return true;
  }
  if (!(old instanceof Element && now instanceof Element) || !old.cloneNode().isEqualNode(now.cloneNode())) return false;
  refill(old, ...now.childNodes);
  return true;
}

/** The element of the page with `id`. It is part of the page, so its absence is a defect. */
export function part(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/** Say above the page what is true of all that it shows. */
export function banner(title: string, words: string): void {
  const place = part("banner");
  place.hidden = false;
  place.replaceChildren(h("strong", {}, title), words);
}

/** Say above the page that what it shows is simulated, and how much of it. */
export function demonstration(words: string): void {
  banner("Demonstration. ", words);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const colours = new Map<string, string>();
dark.addEventListener("change", () => colours.clear());

/** Calls `redraw` when the colours change between light and dark. */
export function onTheme(redraw: () => void): void {
  dark.addEventListener("change", redraw);
}

/** The value of a colour that style.css names. Remembered: a plan asks thousands of times. */
export function colour(name: string): string {
  let value = colours.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    colours.set(name, value);
  }
  return value;
}
