/** Who is signed in, for which purpose they look, and the way out: the line below the header. */

import { ask, onRefused, Problem, type Purpose, type RouteNow, send, type Session, useToken } from "./api";
import { forgetCalls } from "./bell";
import { banner, h, part, say } from "./dom";
import { roleWords } from "./govern";
import { poll } from "./poll";
import { watchTroubles } from "./troubles";
import { sentence } from "./words";

/** Milliseconds between two questions for the routes of alerts. */
const ROUTES_EVERY = 10_000;

let session: Session | null = null;
/** Whether the way out is taken: what is refused from now on sends nobody to sign in. */
let leaving = false;

/** Whether who is here may do `action` (see web/access); the server decides again each time. */
export function may(action: string): boolean {
  return session?.may.includes(action) ?? false;
}

/** Who is here; null where there is no sign-in at all. */
export function here(): Session | null {
  return session;
}

/** Whether these are a site's own pages: what is measured here is stored, shown and watched at the centre. */
export function atSite(): boolean {
  return session?.machine === "site";
}

/** Where one signs in, and comes back to this page. */
export function signIn(): string {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** Show who is signed in. Resolves before the page is drawn, so that it knows what may be done. */
export async function begin(): Promise<void> {
  onRefused((problem) => {
    if (leaving) return;
    if (problem.status === 401) {
      forgetCalls();
      location.assign(signIn());
    }
    else if (problem.where === "purpose" && session?.purposes.length) choosePurpose();
  });
  try {
    session = await ask<Session>("session");
  } catch {
    session = null;
  }
  useToken(session?.csrf ?? null);
  if (atSite()) banner("A site's own pages. ", "What its cameras measure is stored, shown and watched at the centre. Here are their permits, their views and the stop switch.");
  pages();
  bar();
}

function pages(): void {
  const all: [href: string, words: string, shown: boolean][] = [
    ["/", "Sites", true],
    ["/city", "City", may("read-now") && !atSite()],
    ["/events", "Events", may("read-history") && !atSite()],
    ["/deliveries", "Deliveries", may("read-standing")],
    ["/releases", "Releases", may("read-releases")],
    ["/assessments", "Assessments", may("read-drafts")],
    ["/portal/", "Public portal", true],
  ];
  const at = location.pathname;
  const current = ["/city", "/events", "/assessments", "/deliveries", "/releases"].find((page) => at.startsWith(page)) ?? (at.startsWith("/stop") ? "" : "/");
  part("pages").replaceChildren(
    h("ul", {}, ...all.filter(([, , shown]) => shown).map(([href, words]) =>
      h("li", {}, h("a", { href, "aria-current": href === current ? (at === href ? "page" : "true") : null }, words)))),
  );
  foldOnPhones();
  if (may("read-standing")) {
    markBroken();
    watchTroubles();
  }
  const stop = part("stop-link");
  stop.hidden = !may("read-standing");
  if (at === "/stop") stop.setAttribute("aria-current", "page");
}

/**
 * On a telephone the pages' names, who is signed in and the way out are behind one button: written
 * out they took a quarter of the window from the alerts. The purpose stays in sight. Elsewhere the
 * button is not shown, and all is (see the style sheet).
 */
function foldOnPhones(): void {
  const menu = part("menu");
  const head = part("head");
  const set = (open: boolean): void => {
    menu.setAttribute("aria-expanded", String(open));
    head.dataset["menu"] = open ? "open" : "closed";
  };
  menu.hidden = false;
  set(false);
  menu.addEventListener("click", () => set(head.dataset["menu"] === "closed"));
  head.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || head.dataset["menu"] === "closed") return;
    set(false);
    if (menu.offsetParent) menu.focus();
  });
}

/** On every page: how many routes of alerts are broken, beside the way to what is wrong with them. */
function markBroken(): void {
  // In the menu's button, which must leave room for the purpose, the number alone is seen.
  const places = [[document.querySelector('#pages a[href="/deliveries"]'), false], [part("menu"), "hidden"]] as const;
  const marks = places.map(([place, seen]) => {
    const count = h("span", {});
    const mark = h("span", { class: "pill", "data-grade": "bad", hidden: true }, count, h("span", { class: seen }, " broken"));
    place?.append(" ", mark);
    return { mark, count };
  });
  poll<RouteNow[]>("deliveries", "routes", ROUTES_EVERY, (routes) => {
    const broken = routes.filter((route) => route.broken).length;
    for (const { mark, count } of marks) {
      mark.hidden = broken === 0;
      say(count, String(broken));
    }
  }, () => undefined);
}

function bar(): void {
  const who = part("who");
  who.hidden = session === null || (session.role === null && !session.sign_in);
  if (who.hidden || session === null) return;
  if (session.role === null) {
    who.replaceChildren(h("p", { class: "who-none" }, "Not signed in."), h("p", { class: "who-in" }, h("a", { class: "button quiet", href: signIn() }, "Sign in")));
    return;
  }
  const purpose = session.purposes.find((one) => one.id === session?.purpose);
  const change = h("button", { type: "button", class: "quiet", "aria-haspopup": "dialog" }, purpose ? "Change" : "Choose", h("span", { class: "hidden" }, " purpose"));
  change.addEventListener("click", choosePurpose);
  const out = h("button", { type: "button", class: "quiet" }, "Sign out");
  out.addEventListener("click", () => void leave(out));
  who.replaceChildren(
    h("p", { class: "who-role" }, h("strong", {}, roleWords(session.role)), session.name ? ` ${session.name}` : ""),
    h("p", { class: "who-purpose" }, h("span", { class: "soft" }, "Purpose: "), h("span", { class: purpose ? "purpose" : "purpose warn" }, purpose ? purpose.text : "none chosen"), " ", change),
    h("p", { class: "who-end" }, out),
  );
}

async function leave(button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  leaving = true;
  forgetCalls();
  let to = "/login?left=1";
  try {
    const answer = await fetch("/logout", { method: "POST", headers: { Accept: "application/json", "Plainview-CSRF": session?.csrf ?? "" } });
    const said = (await answer.json()) as { provider?: string };
    // Control rooms share machines: the city's sign-in service is left too.
    if (said.provider) to = said.provider;
  } catch {
    // The page that follows says whether one is still signed in.
  }
  location.assign(to);
}

let open: HTMLDialogElement | null = null;

/** Ask for the purpose; where it changes, what is shown is asked for again. */
export function choosePurpose(): void {
  if (open || !session?.role) return;
  const choices = session.purposes.map((purpose, k) => choice(purpose, k, session?.purpose === purpose.id));
  const said = h("p", { class: "error", role: "alert" });
  const use = h("button", { type: "submit", class: "primary", disabled: choices.length === 0 }, "Use this purpose");
  const later = h("button", { type: "button", class: "quiet" }, "Not now");
  const form = h("form", { method: "dialog" },
    h("h2", { id: "purpose-title" }, "For which purpose do you look?"),
    h("p", { class: "note" }, "Everything that is not public is seen for a purpose of an approved assessment. The public ledger records that you looked, when and for which purpose, without your name."),
    choices.length
      ? h("fieldset", { class: "purposes" }, h("legend", { class: "hidden" }, "Purpose"), ...choices)
      : h("p", {}, "No live assessment gives a purpose yet. One must be approved by two people and published first."),
    said, h("div", { class: "actions" }, use, later));
  const dialog = h("dialog", { class: "card", "aria-labelledby": "purpose-title" }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = new FormData(form).get("purpose");
    if (typeof chosen !== "string") {
      said.textContent = "Choose one of them.";
      return;
    }
    use.disabled = true;
    send<Session>("POST", "session/purpose", { purpose: chosen }).then(
      (now) => {
        session = now;
        dialog.close();
        bar();
        // The button that opened this was made anew: who came by keyboard goes on from there.
        part("who").querySelector("button")?.focus();
        window.dispatchEvent(new Event("purpose"));
      },
      (error: unknown) => {
        use.disabled = false;
        said.textContent = sentence(error instanceof Problem ? error.message : String(error));
      },
    );
  });
  later.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    open = null;
  });
  open = dialog;
  document.body.append(dialog);
  dialog.showModal();
}

function choice(purpose: Purpose, k: number, chosen: boolean): HTMLElement {
  const sites = purpose.sites.length ? `For ${purpose.sites.join(", ")}. ` : "";
  return h("label", { class: "option", for: `purpose-${k}` },
    h("input", { type: "radio", name: "purpose", id: `purpose-${k}`, value: purpose.id, checked: chosen || (session?.purposes.length === 1) }),
    h("span", {}, h("span", { class: "option-title" }, purpose.text), h("small", {}, `${sites}${purpose.id}`)));
}
