/** Where alerts are told outside the console: each route, how it does, and a test of it. */

import { ask, Problem, type RouteNow, send, type Tested } from "./api";
import { h, part, say } from "./dom";
import { poll } from "./poll";
import { may } from "./session";
import { moment, sentence, span } from "./words";

const EVERY = 2000;
const KINDS: Record<RouteNow["kind"], string> = {
  cap: "CAP message",
  feed: "Atom feed",
  mqtt: "MQTT",
  webhook: "Signed webhook",
  email: "E-mail",
};

/** Fill `main` with the routes and keep them current. Throws Problem when they may not be read. */
export async function show(main: HTMLElement): Promise<void> {
  const routes = await ask<RouteNow[]>("routes");
  document.title = "Deliveries – Plainview";
  part("link").hidden = true;
  const cards = new Map(routes.map((route) => [route.name, card(route)]));
  const said = h("p", { class: "note", role: "status" });
  const lede = h("p", { class: "lede" });
  main.replaceChildren(
    h("div", { class: "narrow" },
      h("h1", {}, "Deliveries"), lede, said,
      routes.length
        ? h("ul", { class: "rows" }, ...[...cards.values()].map((one) => one.item))
        : h("p", { class: "card" }, "No route is set, so alerts are shown in the console alone. Routes are written in CITY.toml as [[routes]].")),
  );
  const fill = (now: RouteNow[]): void => {
    for (const route of now) cards.get(route.name)?.set(route);
    say(lede, summary(now));
    say(said, "");
  };
  fill(routes);
  if (routes.length) poll<RouteNow[]>("deliveries", "routes", EVERY, fill, (words) => say(said, words));
}

function summary(routes: RouteNow[]): string {
  const broken = routes.filter((route) => route.broken);
  if (!routes.length) return "Alerts are always shown and kept in the console, whatever happens to routes.";
  if (broken.length) return `Alerts do not arrive by the ${broken.length === 1 ? "route" : "routes"} ${named(broken)}. They are kept, and tried again.`;
  const failing = routes.filter((route) => route.trouble);
  const unused = routes.filter((route) => !route.trouble && !route.delivered);
  return [
    failing.length ? `The last try failed by ${named(failing)}.` : "",
    unused.length ? `Not used since the start, so that ${unused.length === 1 ? "it is" : "they are"} not known to work: ${named(unused)}.` : "",
    failing.length || unused.length ? "" : "Every route works, as far as is known.",
    "Alerts are kept until each route has taken them.",
  ].filter(Boolean).join(" ");
}

/** Their names; of many the first. */
function named(routes: RouteNow[]): string {
  const first = routes.slice(0, 6).map((route) => route.name).join(", ");
  return routes.length > 6 ? `${first} and ${routes.length - 6} more` : first;
}

interface Card {
  item: HTMLElement;
  set(route: RouteNow): void;
}

function card(first: RouteNow): Card {
  const id = `route-${first.name.replace(/[^A-Za-z0-9]/g, "-")}`;
  const state = h("span", { class: "pill" });
  const facts = h("dl", { class: "facts" });
  const trouble = h("p", { class: "error" });
  const result = h("p", { class: "note", role: "status" });
  const button = h("button", { type: "button", class: "quiet" }, "Send a test", h("span", { class: "hidden" }, ` by ${first.name}`));
  const test = async (): Promise<void> => {
    button.disabled = true;
    say(result, "Sending…");
    try {
      const sent = await send<Tested>("POST", `routes/${first.name}/test`);
      say(result, `It arrived, marked as a test: ${sent.id}.`);
    } catch (error) {
      const unheard = error instanceof Problem && error.unanswered;
      say(result, unheard ? "Whether it arrived is not known: Plainview does not answer." : sentence(`It did not arrive: ${error instanceof Problem ? error.message : String(error)}`));
    }
    button.disabled = false;
    button.focus();
  };
  button.addEventListener("click", () => void test());
  const testable = first.kind !== "feed" && may("test-route");
  const item = h("li", { class: "card route", "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h2", { id }, first.name), state),
    h("p", { class: "note" }, `${KINDS[first.kind]}, ${first.address || `read at /feeds/${first.name}`}`),
    h("p", { class: "note" }, `${first.takes}.`),
    facts, trouble,
    testable && h("div", { class: "actions" }, button), result);
  return {
    item,
    set(route): void {
      const grade = route.broken ? "bad" : route.trouble ? "warn" : route.delivered ? "good" : "note";
      if (state.dataset["grade"] !== grade) state.dataset["grade"] = grade;
      say(state, route.broken ? "Broken" : route.trouble ? "Failing" : route.delivered ? "Works" : "Not used yet");
      say(trouble, route.trouble ? `${route.trouble}.` : "");
      const now = Date.now() / 1000;
      const rows: [string, string][] = [
        ["Last delivery", route.last === null ? "none since the start" : `${moment(route.last)}, ${span(now - route.last)} ago`],
        ["Waiting", String(route.waiting)],
        ["Delivered since the start", String(route.delivered)],
        ["Tries that failed", String(route.failed)],
      ];
      if (route.retry !== null) rows.push(["Next try", route.retry > now ? `in ${span(route.retry - now)}, the ${ordinal(route.in_a_row + 1)}` : "now"]);
      const key = JSON.stringify(rows);
      if (facts.dataset["key"] === key) return;
      facts.dataset["key"] = key;
      facts.replaceChildren(...rows.map(([name, words]) => h("div", {}, h("dt", {}, name), h("dd", {}, words))));
    },
  };
}

function ordinal(number: number): string {
  const last = number % 100 >= 11 && number % 100 <= 13 ? 0 : number % 10;
  return `${number}${last === 1 ? "st" : last === 2 ? "nd" : last === 3 ? "rd" : "th"}`;
}
