/** One question before what cannot be taken back. */

import { h } from "./dom";

/** Milliseconds in which the second press of a double click is not taken for the confirmation. */
const SETTLE = 500;

interface Question {
  title: string;
  text: string;
  yes: string;
  no: string;
  /** It is pressed in a hurry: Enter says yes. */
  urgent?: boolean;
}

/** Ask; `done` on the red button. Esc and the other button leave everything as it is. */
export function question(asked: Question, done: () => void): void {
  const yes = h("button", { type: "button", class: "stop-big" }, asked.yes);
  const no = h("button", { type: "button", class: "quiet" }, asked.no);
  const dialog = h("dialog", { class: "card confirm", role: "alertdialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
    h("h2", { id: "confirm-title" }, asked.title), h("p", { id: "confirm-text" }, asked.text), h("div", { class: "actions" }, yes, no));
  const opened = performance.now();
  yes.addEventListener("click", () => {
    if (performance.now() - opened < SETTLE) return;
    dialog.close();
    done();
  });
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  (asked.urgent ? yes : no).focus();
}
