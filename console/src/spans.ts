/** The span of sealed footage to ask for, and how it is written. */

/** Seconds before an event and after it: the smallest span that answers. */
const MARGIN = 10;
/** Seconds of an event whose end was not seen. */
const UNENDED = 30;

/** The span to ask for about an event: from shortly before it to shortly after. */
export function spanOf(start: number, end: number | null): [number, number] {
  return [Math.floor(start) - MARGIN, Math.ceil(end ?? start + UNENDED) + MARGIN];
}

/** UTC seconds as a field for times in UTC takes them. */
export function written(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** What `written` wrote, as seconds. */
export function read(text: string): number {
  return Date.parse(`${text}Z`) / 1000;
}
