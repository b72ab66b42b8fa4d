/** Timers that run in a tab out of sight as in sight, where a browser lets the page's own run about once a minute. */

interface Due {
  at: number;
  what: () => void;
  timer: number;
}

const waiting = new Set<Due>();
let beats = false;

/** Call `what` after `ms`. The answer calls it off. */
export function later(what: () => void, ms: number): () => void {
  if (!beats) listen();
  const due: Due = { at: performance.now() + ms, what, timer: window.setTimeout(() => run(due), ms) };
  waiting.add(due);
  return () => void drop(due);
}

function listen(): void {
  beats = true;
  // A tab may have been put to sleep: what is due is not waited for once it is looked at again.
  document.addEventListener("visibilitychange", look);
  try {
    const worker = new Worker(new URL("./beat.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", () => {
      if (document.visibilityState !== "visible") look();
    });
  } catch {
    // A browser may be set to run none: then the page's own timers are all there is.
  }
}

function look(): void {
  const now = performance.now();
  for (const due of [...waiting]) if (due.at <= now) run(due);
}

function run(due: Due): void {
  if (drop(due)) due.what();
}

function drop(due: Due): boolean {
  clearTimeout(due.timer);
  return waiting.delete(due);
}
