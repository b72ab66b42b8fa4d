/** Asks for something again and again, and tells in plain words when it cannot be had. */

import { ask, Problem } from "./api";
import { sentence } from "./words";

/** Milliseconds until it is asked again for what may not be seen, or is not there. */
const LATER = 30_000;

/**
 * Ask for `path` every `every` ms for as long as the page is open. `what` names it in a sentence
 * ("alerts"). `got` also takes when the question was put (performance.now). The answer asks at once.
 */
export function poll<T>(what: string, path: string, every: number, got: (answer: T, asked: number) => void, failed: (words: string) => void): () => void {
  let timer = 0;
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    const asked = performance.now();
    let wait = every;
    try {
      got(await ask<T>(path), asked);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404 || error.status === 401 || error.status === 403) wait = LATER;
      failed(absent(what, error));
    }
    timer = window.setTimeout(() => void look(), wait);
  };
  void look();
  return () => void look();
}

/** Why `what` is not shown. */
export function absent(what: string, problem: Problem): string {
  if (problem.status === 404) return `This server does not tell ${what}. It may be older than this page.`;
  if (problem.status === 401 || problem.status === 403) return sentence(`You may not see ${what}: ${problem.message}`);
  return `Nothing new about ${what}: ${problem.message}. What is shown may be old.`;
}
