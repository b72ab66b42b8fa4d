/** The button that deletes a draft, after a question. */

import { send } from "./api";
import { h } from "./dom";
import { question } from "./question";
import { sentence } from "./words";

/** The button, and the line that says why nothing was deleted; `done` once the draft is gone. */
export function discardButton(draft: { id: string; digest: string }, title: string, text: string, done: () => void): [HTMLButtonElement, HTMLElement] {
  const error = h("p", { class: "error", role: "alert" });
  const go = h("button", { type: "button", class: "quiet" }, "Delete this draft");
  go.addEventListener("click", () => {
    question({ title, text, yes: "Delete it", no: "Keep it" }, () => {
      go.disabled = true;
      error.textContent = "";
      send("POST", `desk/drafts/${draft.id}/discard`, { digest: draft.digest }).then(done, (problem: unknown) => {
        go.disabled = false;
        error.textContent = `Not deleted: ${problem instanceof Error ? sentence(problem.message) : "Something failed."}`;
      });
    });
  });
  return [go, error];
}
