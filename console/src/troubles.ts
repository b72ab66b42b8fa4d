/** Above every page: which parts of the program do not do their work, and what that means for who looks. */

import type { Trouble } from "./api";
import { h, part } from "./dom";
import { poll } from "./poll";

/** Milliseconds between two questions for what is amiss. */
const EVERY = 5_000;

const PARTS: Record<Trouble["part"], { what: string; means: string }> = {
  bus: { what: "Measurements do not get through", means: "They wait where they are while there is room, and are stored later." },
  store: { what: "Nothing can be stored", means: "Measurements wait on the bus while there is room." },
  permits: { what: "It cannot be decided what may run", means: "Nothing new starts." },
  alerts: { what: "Alerts cannot be looked for or kept", means: "One may be missing: have the place watched." },
  recordings: { what: "Recordings are not kept or not deleted as they should be", means: "" },
  orders: { what: "Stop orders of the centre do not get through", means: "Until they do, a site is stopped by the switch on its own pages." },
  files: { what: "The city's changed files cannot be used", means: "What ran goes on as it was." },
};

/** Say what is amiss for as long as it is. Where that cannot be asked, what was said last stands. */
export function watchTroubles(): void {
  poll<Trouble[]>("what is amiss", "troubles", EVERY, show, () => undefined);
}

/** A screen reader hears each trouble once. */
function show(troubles: Trouble[]): void {
  const list = part("troubles");
  const said = troubles.map((trouble) => {
    const { what, means } = PARTS[trouble.part];
    return [`${what}:`, `${trouble.why.replace(/[.!?]?$/, ".")} ${means}`] as const;
  });
  const key = said.flat().join();
  if (list.dataset["key"] === key) return;
  list.dataset["key"] = key;
  list.hidden = said.length === 0;
  list.replaceChildren(...said.map(([what, why]) => h("li", {}, h("strong", {}, what), ` ${why}`)));
}
