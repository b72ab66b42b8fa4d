/** Asks for something again and again, and tells in plain words when it cannot be had. */

import { ask, Problem } from "./api";
import { part, say } from "./dom";
import { clock, sentence } from "./words";

/** Calls something after so many milliseconds; the answer calls it off. */
type Timer = (what: () => void, ms: number) => () => void;

const inSight: Timer = (what, ms) => {
  const timer = window.setTimeout(what, ms);
  return () => clearTimeout(timer);
};

/** Milliseconds until it is asked again for what may not be seen, or is not there. */
const LATER = 30_000;

/**
 * Ask for `path` every `every` ms for as long as the page is open. `what` names it in a sentence
 * ("alerts"). `got` also takes when the question was put (performance.now). The answer asks at once.
 * `wait`: how; `later` asks as often in a tab out of sight.
 */
export function poll<T>(
  what: string, path: string, every: number, got: (answer: T, asked: number) => void, failed: (words: string, problem: Problem) => void, how: (path: string) => Promise<T> = ask, wait: Timer = inSight,
): () => void {
  let off = (): void => undefined;
  const look = async (): Promise<void> => {
    off();
    const asked = performance.now();
    let pause = every;
    try {
      got(await how(path), asked);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404 || error.status === 401 || error.status === 403) pause = LATER;
      failed(absent(what, error), error);
    } finally {
      // Whatever a page makes of one answer, it asks for the next.
      off();
      off = wait(() => void look(), pause);
    }
  };
  void look();
  return () => void look();
}

/**
 * Keep a whole page current: `fill` it with `first`, then with what `path` answers every `every` ms.
 * The header says that the page is live, or since when it is not; its numbers are then marked as old.
 */
export function follow<T>(path: string, first: T, every: number, fill: (now: T) => void): void {
  const link = part("link");
  let heard = 0;
  const got = (now: T): void => {
    heard = Date.now() / 1000;
    fill(now);
    link.dataset["state"] = "live";
    say(part("link-text"), "Live");
    document.body.classList.remove("stale");
  };
  const later = (): void => void window.setTimeout(() => void again(), every);
  const again = async (): Promise<void> => {
    try {
      got(await ask<T>(path));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      link.dataset["state"] = "dropped";
      say(part("link-text"), `Not live since ${clock(heard)}. Trying again`);
      document.body.classList.add("stale");
    } finally {
      later();
    }
  };
  got(first);
  later();
}

/** Why `what` is not shown. */
export function absent(what: string, problem: Problem): string {
  if (problem.status === 404) return `This server does not tell ${what}. It may be older than this page.`;
  if (problem.status === 401 || problem.status === 403) return sentence(`You may not see ${what}: ${problem.message}`);
  return `Nothing new about ${what}: ${problem.message}. What is shown may be old.`;
}
