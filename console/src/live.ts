/** A site's live events: tells every state, and whether the page is live, late or cut off. */

import type { Alert, CountSeries, SiteField } from "./api";

export type Link = "connecting" | "live" | "late" | "dropped";

const LATE = 3000;
const DEAD = 8000;
const RETRY = 1500;

export interface Listener {
  state(field: SiteField): void;
  /** What the page missed while it was cut off, where the server knows. */
  missed(series: CountSeries): void;
  /** The site's open alerts, at the start and whenever they change. */
  alerts(alerts: Alert[]): void;
  /** Also called every second, for the age of what is shown. */
  link(link: Link, last: number | null): void;
}

/** Listen to `site` for as long as the page is open. */
export function listen(site: string, listener: Listener): void {
  let source: EventSource | null = null;
  let heard: number | null = null;
  let opened = performance.now();
  let retry = 0;
  let dropped = false;
  let last: number | null = null;

  const open = (): void => {
    source?.close();
    opened = performance.now();
    const from = last === null ? "" : `?after=${Math.round(last * 1000)}`;
    source = new EventSource(`/api/v1/sites/${site}/live${from}`);
    source.addEventListener("state", (event) => {
      const field = JSON.parse((event as MessageEvent<string>).data) as SiteField;
      heard = performance.now();
      last = field.t;
      dropped = false;
      listener.state(field);
      tell();
    });
    source.addEventListener("missed", (event) => {
      listener.missed(JSON.parse((event as MessageEvent<string>).data) as CountSeries);
    });
    source.addEventListener("alerts", (event) => {
      listener.alerts(JSON.parse((event as MessageEvent<string>).data) as Alert[]);
    });
    source.addEventListener("error", () => {
      dropped = true;
      tell();
      // The browser itself goes on trying unless the answer was an error; then we do.
      if (source?.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = window.setTimeout(open, RETRY);
      }
    });
  };

  const tell = (): void => {
    const quiet = performance.now() - (heard ?? opened);
    if (dropped) listener.link("dropped", last);
    else if (heard === null) listener.link("connecting", last);
    else listener.link(quiet > LATE ? "late" : "live", last);
  };

  window.setInterval(() => {
    const quiet = performance.now() - Math.max(heard ?? 0, opened);
    if (quiet > DEAD && source?.readyState === EventSource.OPEN) {
      dropped = true;
      open();
    }
    tell();
  }, 1000);
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  open();
}
