/** What kept an assessment from being saved: all of it in one list, each with the way to its field. */

import { h } from "./dom";
import { placeWords } from "./fields";
import type { Finding } from "./form";
import { sentence } from "./words";

export interface Unread {
  section: HTMLElement;
  /** Saving was refused for these: list them, and let whoever saved stand before the list. */
  begin(answers: Finding[]): void;
  /** What of it is left; nothing is shown where saving was not refused. */
  tell(answers: Finding[]): void;
}

/** The list, which is hidden until it begins; `go` leads to a field. */
export function unreadList(go: (field: string) => void): Unread {
  const title = h("h2", { id: "unread-title" });
  const list = h("ul", { class: "findings all" });
  const section = h("section", { class: "card unread", tabindex: -1, "aria-labelledby": "unread-title", hidden: true }, title, list);
  const fill = (answers: Finding[]): void => {
    section.hidden = answers.length === 0;
    title.textContent = answers.length === 1 ? "Not saved: one answer cannot be kept as it stands" : `Not saved: ${answers.length} answers cannot be kept as they stand`;
    list.replaceChildren(...answers.map((finding) => {
      const way = h("button", { type: "button", class: "linkish" }, placeWords(finding.field));
      way.addEventListener("click", () => go(finding.field));
      return h("li", {}, way, " ", sentence(finding.what));
    }));
  };
  return {
    section,
    begin(answers) {
      fill(answers);
      section.focus({ preventScroll: true });
      section.scrollIntoView({ block: "start" });
    },
    tell(answers) {
      if (!section.hidden) fill(answers);
    },
  };
}
