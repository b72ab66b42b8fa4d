/** Open alerts, and earlier ones, as a list; one of them opened in the list's place. */

import { type Alert, ask, Problem, type Watch } from "./api";
import { levelMark, opened, type Opened } from "./alert";
import { graver, tally } from "./bell";
import { alertHref, takeBell, unknownBy } from "./calls";
import { h, say } from "./dom";
import { later } from "./later";
import { absent, poll } from "./poll";
import { alertAt, alertSaid, alertSays, alertState, calls, capital, moment, quietWords, sentence, siteOf, span, watchSummary } from "./words";

/** How many earlier alerts are listed at once. */
const EARLIER = 50;
/** As many open ones as the server tells at once. */
const OPEN = 1000;

export interface AlertsOptions {
  /** The site whose page this is; null: all sites. */
  site: string | null;
  every: number;
  names(site: string): string;
  /** An alert was opened, or none is any more. */
  shown(alert: Alert | null): void;
  /** The open alerts of all sites have changed. */
  changed?(open: Alert[]): void;
}

export interface AlertsCard {
  card: HTMLElement;
  /** The site's open alerts, as the live stream tells them. */
  live(alerts: Alert[]): void;
  /** What is watched here, which says what it means that there is no alert. */
  watched(watches: Watch[]): void;
  /** The same in words, where no one site is watched. */
  quietly(words: ReturnType<typeof quietWords>): void;
}

interface Row {
  item: HTMLElement;
  set(alert: Alert): void;
}

/** The card, kept current for as long as the page is open. */
export function alertsCard(options: AlertsOptions): AlertsCard {
  const { site, names } = options;
  const title = h("h2", { id: "alerts" }, "Alerts");
  const empty = h("p", { class: "alert-none" }, "Asking for alerts…");
  const list = h("ul", { class: "alert-rows" });
  const more = h("button", { type: "button", class: "quiet", hidden: true }, "Show more");
  const place = h("div", { class: "alert-list", role: "group", "aria-labelledby": "alerts", tabindex: 0 }, empty, list, more);
  const detail = h("div", { class: "alert-detail", hidden: true });
  const said = h("p", { class: "note" });
  const buttons = ["Open", "Earlier"].map((words, k) => h("button", { type: "button", "aria-pressed": k === 0 ? "true" : "false" }, words));
  const rows = new Map<string, Row>();
  let open: Alert[] = [];
  let earlier: Alert[] | null = null;
  let now: Opened | null = null;
  let told = -Infinity;
  let note = "";
  let fault = "";
  let quiet = quietWords([]);
  let wanted = new URLSearchParams(location.search).get("alert");
  const here = (alerts: Alert[]): Alert[] => (site === null ? alerts : alerts.filter((alert) => alert.site === site));
  const foot = (): void => {
    const away = open.length - here(open).length;
    const calling = open.filter((alert) => alert.site !== site && calls(alert)).length;
    const elsewhere = away === 0 || site === null ? "" : `Elsewhere ${away === 1 ? "there is 1 open alert" : `there are ${away} open alerts`}, ${calling} not acknowledged. `;
    said.hidden = !fault && !elsewhere && !note;
    said.replaceChildren(fault || elsewhere + note, ...(elsewhere && !fault ? [" ", h("a", { href: "/" }, "All sites")] : []));
  };
  const bell = takeBell({
    names,
    href: (alert) => (site === null || alert.site === site ? null : alertHref(alert)),
    open: (alert) => show(alert, true),
    list: place,
  });
  const card = h("section", { class: "card alerts", "aria-labelledby": "alerts" },
    h("div", { class: "card-head" }, title, h("div", { class: "alert-tools" }, h("div", { class: "choice", role: "group", "aria-label": "Which alerts" }, ...buttons), bell.sound.button)),
    place, detail, said);

  const draw = (): void => {
    const shown = earlier ?? here(open).sort(graver);
    const count = here(open).length;
    say(title, count === 0 ? "Alerts" : `Alerts: ${count.toLocaleString("en")}${open.length >= OPEN ? " or more" : ""} open`);
    card.dataset["level"] = here(open).some((alert) => alert.level === "alarm") ? "alarm" : count ? "warning" : "none";
    say(empty, fault && open.length === 0 ? "Alerts are not known." : earlier ? "No earlier alerts." : quiet.words);
    empty.classList.toggle("unsure", !earlier && !fault && !quiet.sure);
    empty.hidden = shown.length > 0;
    if (!earlier) more.hidden = true;
    for (const [id, row] of rows) {
      if (shown.some((alert) => alert.id === id)) continue;
      row.item.remove();
      rows.delete(id);
    }
    shown.forEach((alert, k) => {
      const row = rows.get(alert.id) ?? rowOf(site === null ? siteOf(alert, names) : "", () => show(alert, true));
      rows.set(alert.id, row);
      row.set(alert);
      if (list.children[k] !== row.item) list.insertBefore(row.item, list.children[k] ?? null);
    });
    foot();
  };
  const changed = (): void => {
    bell.set(tally(open));
    options.changed?.(open);
    draw();
    if (wanted !== null) void find(wanted).then((alert) => alert && show(alert, false));
    wanted = null;
    if (now) void find(now.id).then((alert) => alert && now?.id === alert.id && now.set(alert));
  };
  /** The alert as it is now, also when it was cleared meanwhile. */
  const find = async (id: string): Promise<Alert | undefined> => {
    const known = open.find((alert) => alert.id === id);
    if (known || now?.ended === id) return known;
    try {
      return (await ask<Alert[]>(`alerts?state=all${site ? `&site=${site}` : ""}&limit=${EARLIER}`)).find((alert) => alert.id === id);
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  };
  const show = (first: Alert, focus: boolean): void => {
    const alert = open.find((one) => one.id === first.id) ?? first;
    now?.close();
    now = opened(alert, {
      site: site === null ? siteOf(alert, names) : "",
      link: site === null ? alertHref(alert) : null,
      put,
      then: (seen) => options.shown(seen),
      back: () => back(true),
    });
    detail.replaceChildren(now.part);
    detail.hidden = false;
    place.hidden = true;
    if (focus) now.part.querySelector("h3")?.focus();
    bell.looking(alert.id);
    options.shown(alert);
  };
  const back = (focus: boolean): void => {
    const id = now?.id;
    now?.close();
    now = null;
    detail.replaceChildren();
    detail.hidden = true;
    place.hidden = false;
    bell.looking("");
    options.shown(null);
    const row = id ? rows.get(id)?.item.querySelector("button") : null;
    if (focus) (row ?? place).focus();
  };
  /** Take an alert that a decision has changed. */
  const put = (alert: Alert): void => {
    told = performance.now();
    open = open.filter((one) => one.id !== alert.id);
    if (alert.state !== "cleared") open = [...open, alert];
    if (earlier) earlier = earlier.map((one) => (one.id === alert.id ? alert : one));
    changed();
  };
  const choose = async (which: number): Promise<void> => {
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", k === which ? "true" : "false"));
    if (which === 0) {
      earlier = null;
      draw();
      return;
    }
    earlier = [];
    say(empty, "Asking for earlier alerts…");
    await askEarlier();
  };
  /** Take the next page of those that are over. */
  const askEarlier = async (): Promise<void> => {
    const before = earlier?.at(-1)?.id;
    more.disabled = true;
    try {
      const page = await ask<Alert[]>(`alerts?state=cleared${site ? `&site=${site}` : ""}&limit=${EARLIER}${before ? `&before=${before}` : ""}`);
      earlier &&= [...earlier, ...page];
      more.hidden = page.length < EARLIER;
      fault = "";
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fault = absent("alerts", error);
    }
    more.disabled = false;
    draw();
  };
  more.addEventListener("click", () => {
    const last = list.lastElementChild;
    void askEarlier().then(() => last?.nextElementSibling?.querySelector("button")?.focus());
  });
  buttons.forEach((button, k) => button.addEventListener("click", () => {
    if (now) back(false);
    void choose(k);
  }));
  poll<Alert[]>("alerts", `alerts?state=open&limit=${OPEN}`, options.every, (answer, asked) => {
    fault = "";
    bell.known();
    // What the live stream or a decision told since is newer than this answer about this site.
    open = asked < told ? [...here(open), ...answer.filter((alert) => site !== null && alert.site !== site)] : answer;
    changed();
  }, (words, problem) => {
    fault = words;
    bell.notKnown(unknownBy(problem));
    draw();
  }, ask, later);
  return {
    card,
    live(alerts): void {
      told = performance.now();
      fault = "";
      open = [...open.filter((alert) => alert.site !== site), ...alerts];
      changed();
    },
    watched(watches): void {
      note = watchSummary(watches);
      quiet = quietWords(watches);
      draw();
    },
    quietly(words): void {
      quiet = words;
      draw();
    },
  };
}

function rowOf(where: string, open: () => void): Row {
  const level = h("span", { class: "level" });
  const name = h("strong", {});
  const value = h("span", { class: "alert-value" });
  const since = h("span", { class: "alert-since" });
  const button = h("button", { type: "button", class: "alert-row" }, h("span", { class: "alert-name" }, level, name), value, since);
  button.addEventListener("click", open);
  return {
    item: h("li", {}, button),
    set(alert): void {
      button.dataset["level"] = alert.level;
      button.dataset["state"] = alert.state;
      levelMark(level, alert);
      say(name, alertAt(alert, where));
      const told = alert.state === "cleared" ? alertSaid(alert) : alertSays(alert);
      // Numbers and cameras are no sentence; what a route or a deletion says is one.
      say(value, alert.quantity === null && !alert.cameras.length ? sentence(told) : capital(told));
      say(since, alert.cleared_at === null
        ? `Since ${moment(alert.raised_at)} (${span(Date.now() / 1000 - alert.raised_at)}). ${alertState(alert)}.`
        : `${moment(alert.raised_at)}, for ${span(alert.cleared_at - alert.raised_at)}. ${alertState(alert)}.`);
    },
  };
}
