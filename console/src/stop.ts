/** The stop switch: one person stops, two agree before it starts again. */

import { ask, Problem, send, type SiteAnswer, type Standing, type StopNow, type StopOrder } from "./api";
import { h, part, say } from "./dom";
import { allCameras, cameraName, cameras, capabilityWords, cut, goesOn, isElsewhere, roleWords, scopeWords, sentenceThen, stoppedBy, watch } from "./govern";
import { question } from "./question";
import { here, may, signIn } from "./session";
import { capital, clock, sentence, span } from "./words";

const REASONS = ["Danger to people's privacy", "It does not do what was assessed", "Ordered by a court or authority", "Drill"];
const EVERY = 1000;
const OBEYS = "A site that obeys this centre stops within 5 seconds, or as soon as it can be reached.";
const REFUSALS: Record<SiteAnswer["refusal"], string> = {
  "": "",
  malformed: "it cannot read the order",
  key: "it obeys another key than this centre's",
  centre: "it obeys another centre",
  old: "it has obeyed a later order; press again",
  unknown: "it knows nothing of that name",
};
const KINDS = [
  ["camera", "One camera"],
  ["site", "One site"],
  ["capability", "One thing that cameras do, at every camera"],
  ["city", "Everything in the city"],
] as const;
type Kind = (typeof KINDS)[number][0];
const WHICH: Record<Kind, string> = { camera: "Which camera?", site: "Which site?", capability: "What should no camera do?", city: "" };

/** Fill `main` with the page, and keep it current. Throws Problem when the standing may not be read. */
export async function show(main: HTMLElement): Promise<void> {
  let standing = await ask<Standing>("desk/standing");
  document.title = "Stop switch – Plainview";
  part("link").hidden = true;
  const pressed = pressedCards();
  const press = pressCard(standing, (now) => set(now));
  const set = (now: Standing): void => {
    standing = now;
    pressed.set(now);
    press.set(now);
  };
  main.replaceChildren(
    h("div", { class: "narrow" },
      h("h1", {}, "Stop switch"),
      standing.cameras.some(isElsewhere)
        ? h("p", { class: "lede" }, h("strong", {}, "This is the centre: what one person presses here is an order to the sites. "), "A site that obeys this centre presses its own stop switch within 5 seconds, or as soon as it can be reached, and confirms once nothing runs there any more: below stands which have. A site that is not enrolled measures on; the switch on its own pages stops it. It is written in the public ledgers with its reason, without your name. Nothing here starts a camera: two people at each site do.")
        : h("p", { class: "lede" }, "One person can stop. It takes effect within 5 seconds and is written in the public ledger with its reason, without your name. Two people must agree before anything starts again."),
      pressed.section, press.card),
  );
  pressed.onChange(set);
  set(standing);
  watch(set, EVERY, pressed.lost);
}

function pressCard(first: Standing, changed: (standing: Standing) => void) {
  let standing = first;
  const asked = new URLSearchParams(location.search).get("scope") ?? "";
  const [askedKind, askedId] = cut(asked);
  let kind: Kind = KINDS.some(([name]) => name === askedKind) ? (askedKind as Kind) : "site";
  const which = h("select", { id: "stop-which" });
  const whichLabel = h("label", { for: "stop-which" }, "Which site?");
  const whichRow = h("div", { class: "field" }, whichLabel, which);
  const effect = h("p", { class: "note", "aria-live": "polite" });
  const why = h("input", { id: "stop-why", type: "text", maxlength: 300, autocomplete: "off", required: true, "aria-describedby": "stop-why-help" });
  const error = h("p", { class: "error", role: "alert" });
  const button = h("button", { type: "submit", class: "stop-big" }, "Stop");
  const result = h("p", { class: "result", role: "status" });
  const kinds = KINDS.map(([name, words]) =>
    h("label", { class: "option" }, h("input", { type: "radio", name: "kind", value: name, checked: name === kind }), h("span", { class: "option-title" }, words)));
  const chips = REASONS.map((words) => {
    const chip = h("button", { type: "button", class: "chip" }, words);
    chip.addEventListener("click", () => {
      why.value = words;
      error.textContent = "";
      button.focus();
    });
    return chip;
  });
  const form = h("form", { class: "stop-form" },
    h("fieldset", {}, h("legend", {}, "What should stop?"), h("div", { class: "options" }, ...kinds)),
    whichRow, effect,
    h("div", { class: "field" }, h("label", { for: "stop-why" }, "Why?"),
      h("p", { class: "note", id: "stop-why-help" }, "The public reads this. Name nobody."), why,
      h("div", { class: "chips", role: "group", "aria-label": "Usual reasons" }, ...chips)),
    error, button);
  const allowed = may("stop");
  const card = h("section", { class: "card stop-card", "aria-labelledby": "stop-title" },
    h("h2", { id: "stop-title" }, "Stop something"),
    allowed ? form : h("p", {}, here()?.role ? "Your role may not press the stop switch: it only reads." : h("a", { href: signIn() }, "Sign in to press the stop switch")),
    result);

  const scope = (): string => (kind === "city" ? "city" : `${kind}:${which.value}`);
  const options = (): [value: string, words: string][] => {
    if (kind === "camera") return standing.cameras.map((camera) => [camera.camera, `${cameraName(camera)} (${camera.site_name || camera.site})`]);
    if (kind === "site") return [...new Map(standing.cameras.map((camera) => [camera.site, camera.site_name || camera.site]))];
    if (kind === "capability") return [...new Set(standing.cameras.flatMap((camera) => camera.capabilities))].sort().map((name) => [name, capabilityWords(name)]);
    return [];
  };
  const fill = (): void => {
    const all = options();
    const key = JSON.stringify([kind, all]);
    if (which.dataset["key"] !== key) {
      const kept = which.value || askedId;
      which.dataset["key"] = key;
      which.replaceChildren(...all.map(([value, words]) => h("option", { value }, words)));
      if (all.some(([value]) => value === kept)) which.value = kept;
    }
    whichRow.hidden = kind === "city";
    say(whichLabel, WHICH[kind]);
    const hit = stoppedBy(scope(), standing);
    const names = hit.slice(0, 8).map(cameraName).join(", ") + (hit.length > 8 ? ` and ${hit.length - 8} more` : "");
    const stopped = standing.stops.find((stop) => stop.scope === scope());
    const already = stopped !== undefined && !stopped.order;
    say(effect, already ? "This is stopped already." : stopped ? "This is ordered already. Pressed again it is a new order, which also stops what a site has lifted since." : hit.some(isElsewhere) ? `Orders ${cameras(hit.length)} to be stopped at the sites, and ends alerts and events of them here: ${names}.` : !hit.length ? "No camera does this now. Stopping it keeps any from starting." : goesOn(scope()) ? `${capital(cameras(hit.length))} ${hit.length === 1 ? "stops" : "stop"} doing this and ${hit.length === 1 ? "goes" : "go"} on with the rest: ${names}.` : `Stops ${cameras(hit.length)}${kind === "capability" ? ", which measure nothing without it" : ""}: ${names}.`);
    const nothing = kind !== "city" && all.length === 0;
    button.disabled = already || nothing;
    say(button, nothing ? "Nothing to stop" : `Stop ${scopeWords(scope(), standing)}`);
  };
  for (const label of kinds) label.addEventListener("change", (event) => {
    kind = (event.target as HTMLInputElement).value as Kind;
    fill();
  });
  which.addEventListener("change", fill);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = "";
    if (why.value.trim().length < 3) {
      error.textContent = "Say why, in a few words.";
      why.focus();
      return;
    }
    const wanted = scope();
    const elsewhere = stoppedBy(wanted, standing).some(isElsewhere);
    const hit = stoppedBy(wanted, standing).length;
    const effect = elsewhere ? OBEYS : `${cameras(hit)} ${hit === 1 ? "stops" : "stop"} ${goesOn(wanted) ? capabilityWords(cut(wanted)[1]) : "measuring"} at once.`;
    question({ title: `Stop ${scopeWords(wanted, standing)} now?`, text: `${effect} Two people ${elsewhere ? "at each site " : ""}must agree before anything starts again.`, yes: "Stop now", no: "Do not stop", urgent: true }, () => void press(wanted));
  });
  let pressedAt = 0;
  let following = "";
  /** Ids of the cameras that it was to stop: once it holds, none of them is said to do it. */
  let struck: string[] = [];
  const press = async (wanted: string): Promise<void> => {
    button.disabled = true;
    struck = stoppedBy(wanted, standing).map((camera) => camera.camera);
    pressedAt = performance.now();
    say(result, `Stopping ${scopeWords(wanted, standing)}…`);
    try {
      const now = await send<Standing>("POST", "desk/stops", { scope: wanted, why: why.value.trim() });
      following = wanted;
      why.value = "";
      changed(now);
    } catch (problem) {
      say(result, "");
      error.textContent = problem instanceof Problem && problem.unanswered
        ? "Whether it stopped is not known: Plainview does not answer. Press again, or have it stopped at the machine: 'plainview stop --help'."
        : sentence(`Not stopped: ${words(problem)}`);
      button.disabled = false;
    }
  };
  return {
    card,
    set(now: Standing): void {
      standing = now;
      fill();
      if (!following) return;
      const hit = now.cameras.filter((camera) => struck.includes(camera.camera));
      const took = ((performance.now() - pressedAt) / 1000).toFixed(1);
      const order = now.stops.find((stop) => stop.scope === following)?.order;
      if (order) {
        say(result, orderedWords(order) + (order.confirmed === order.sites ? ` It took ${took} s from when you pressed.` : ""));
        if (order.confirmed === order.sites) following = "";
        return;
      }
      const part = goesOn(following);
      const still = hit.filter((camera) => camera.state !== "running" || (part && !camera.capabilities.includes(cut(following)[1]))).length;
      if (still === hit.length) {
        say(result, hit.length === 0 ? "Stopped: nothing of it ran." : `Stopped ${took} s after you pressed: ${part ? "no camera does this any more" : `${allCameras(hit.length)} ${hit.length === 1 ? "stands" : "stand"} still`}.`);
        following = "";
      } else say(result, part ? `Stopping: ${still} of ${cameras(hit.length)} do this no more.` : `Stopping: ${still} of ${cameras(hit.length)} stand still.`);
    },
  };
}

/** What became of an order, in a sentence. */
function orderedWords(order: StopOrder): string {
  if (!order.given) return "Not yet in the centre's ledger: no site is told before it is.";
  if (order.sites === 0) return "It is for no site that is here.";
  const old = order.unheard ? ` ${order.sites === 1 ? "It was" : order.unheard === 1 ? "One of them was" : `${order.unheard.toLocaleString("en")} of them were`} not heard for two minutes: it may be otherwise by now.` : "";
  return order.sites === 1
    ? order.confirmed ? `Its site has confirmed: nothing of it runs there any more.${old}` : "Its site has not confirmed yet."
    : `${order.confirmed.toLocaleString("en")} of ${order.sites.toLocaleString("en")} sites have confirmed: nothing of it runs there any more.${old}`;
}

/** What became of an order at a site that has not confirmed it. */
function answerWords(answer: SiteAnswer): string {
  const heard = answer.heard ? ` Last heard at ${clock(answer.heard)} (${span(Math.max(Date.now() / 1000 - answer.heard, 0))} ago).` : "";
  if (answer.state === "lifted") return `${answer.name}: lifted there since, by two people.`;
  if (answer.state === "refused") return `${answer.name}: refused, ${REFUSALS[answer.refusal]}.${heard}`;
  if (answer.state === "silent") return `${answer.name}: has never asked for orders. It is not enrolled, or was never reached; the switch on its own pages stops it.`;
  return `${answer.name}: not yet.${heard}`;
}

interface Card {
  item: HTMLElement;
  set(stop: StopNow, standing: Standing): void;
}

function pressedCards() {
  const title = h("h2", { id: "pressed-title", tabindex: -1 });
  const list = h("ul", { class: "pressed" });
  const said = h("p", { class: "result", role: "status" });
  const section = h("section", { class: "pressed-part", "aria-labelledby": "pressed-title" }, title, said, list);
  const made = new Map<string, Card>();
  let changed: (standing: Standing) => void = () => undefined;
  const lifted = (text: string): void => {
    say(said, text);
    title.focus();
  };
  const old = h("p", { class: "error", role: "status", hidden: true }, "Plainview does not answer: what is stopped now is not known. Below is what was known last.");
  title.after(old);
  return {
    section,
    lost(): void {
      old.hidden = false;
      say(title, "Not known what is stopped");
      section.dataset["grade"] = "bad";
    },
    onChange(listener: (standing: Standing) => void): void {
      changed = listener;
    },
    set(now: Standing): void {
      old.hidden = true;
      say(title, now.stops.length === 0 ? "Nothing is stopped" : now.stops.length === 1 ? "Stopped now" : `Stopped now: ${now.stops.length}`);
      section.dataset["grade"] = now.stops.length ? "bad" : "good";
      for (const stop of now.stops) {
        const card = made.get(stop.scope) ?? pressedCard(stop, (standing) => changed(standing), lifted);
        if (!made.has(stop.scope)) {
          made.set(stop.scope, card);
          list.append(card.item);
        }
        card.set(stop, now);
      }
      for (const [scope, card] of made) {
        if (now.stops.some((stop) => stop.scope === scope)) continue;
        card.item.remove();
        made.delete(scope);
      }
    },
  };
}

function pressedCard(first: StopNow, changed: (standing: Standing) => void, lifted: (text: string) => void): Card {
  const id = `lift-${first.scope.replace(/[^A-Za-z0-9]/g, "-")}`;
  const name = h("h3", { id: `${id}-title` });
  const since = h("p", {});
  const ordered = h("p", { hidden: true });
  const others = h("ul", { hidden: true });
  const who = h("ol", { class: "agreed" });
  const why = h("input", { id: `${id}-why`, type: "text", maxlength: 300, autocomplete: "off", required: true });
  const error = h("p", { class: "error", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, "Agree that it may start again");
  const done = h("p", { class: "note", hidden: true }, "You have agreed. Another person must sign in and agree too.");
  const atSites = h("p", { class: "note", hidden: true }, "Two people can take the order back here: no site is given it any more. What stopped at a site starts when two people there agree.");
  const whoMay = h("span", {}, "Supervisors, privacy officers, administrators and the controller can agree that it starts again.");
  const whyLabel = h("label", { for: `${id}-why` }, "Why may it start again?");
  const form = h("form", { class: "lift" }, h("div", { class: "field" }, whyLabel, why), error, button);
  const item = h("li", { class: "card", "data-grade": "bad", "aria-labelledby": `${id}-title` }, name, since, ordered, others, who,
    may("resume") ? form : h("p", { class: "note" }, here()?.role ? whoMay : h("a", { href: signIn() }, "Sign in to agree that it may start again")),
    atSites, done);
  let standing: Standing = { cameras: [], stops: [] };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = "";
    if (why.value.trim().length < 3) {
      error.textContent = "Say why, in a few words.";
      why.focus();
      return;
    }
    button.disabled = true;
    const title = scopeWords(first.scope, standing);
    send<{ lifted: boolean; standing: Standing }>("POST", "desk/stops/lift", { scope: first.scope, why: why.value.trim() }).then(
      (answer) => {
        button.disabled = false;
        if (answer.lifted) lifted(`Two people have agreed: ${atSites.hidden ? `${title} may start again` : `the order for ${title} is taken back. What stopped at a site starts when two people there agree`}.`);
        else {
          form.hidden = true;
          done.hidden = false;
        }
        changed(answer.standing);
      },
      (problem: unknown) => {
        button.disabled = false;
        error.textContent = words(problem);
      },
    );
  });
  return {
    item,
    set(stop, now): void {
      standing = now;
      const title = scopeWords(stop.scope, now);
      say(name, capital(title));
      say(since, `${stop.order ? "Ordered" : stop.centre ? "Stopped from the centre" : "Stopped"} since ${clock(stop.since)} (${span(Date.now() / 1000 - stop.since)} ago). ${sentenceThen(stop.why)}`);
      atSites.hidden = ordered.hidden = others.hidden = !stop.order;
      if (stop.order) {
        const answers = stop.order.others.map(answerWords);
        const more = stop.order.sites - stop.order.confirmed - answers.length;
        if (more > 0) answers.push(`${more.toLocaleString("en")} more that have not confirmed.`);
        say(ordered, orderedWords(stop.order));
        say(whyLabel, "Why is the order taken back?");
        say(button, "Agree to take the order back");
        say(whoMay, "Supervisors, privacy officers, administrators and the controller can agree to take it back.");
        if (others.dataset["key"] !== answers.join()) {
          others.dataset["key"] = answers.join();
          others.replaceChildren(...answers.map((words) => h("li", {}, words)));
        }
      }
      const steps = [0, 1].map((k) => {
        const role = stop.agreed[k];
        return role ? `Agreed: ${roleWords(role)}` : k === 0 ? "Nobody has agreed yet: two people are needed" : stop.agreed.length ? "One more person must agree" : "A second person must agree";
      });
      if (who.dataset["key"] === steps.join()) return;
      who.dataset["key"] = steps.join();
      who.replaceChildren(...steps.map((words, k) => h("li", { "data-done": stop.agreed[k] !== undefined }, words)));
    },
  };
}

function words(problem: unknown): string {
  return problem instanceof Problem || problem instanceof Error ? problem.message : String(problem);
}
