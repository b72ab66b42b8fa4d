/** Which page this is. Each page is loaded only where it is shown. */

import { h, part } from "./dom";

const site = /^\/sites\/([A-Za-z0-9._-]+)\/?$/.exec(location.pathname)?.[1];

async function start(): Promise<void> {
  const main = part("main");
  try {
    if (site) await (await import("./site")).show(main, site);
    else await (await import("./home")).show(main);
  } catch (error) {
    main.replaceChildren(
      h("section", { class: "card problem", role: "alert" },
        h("h1", {}, "This page cannot be shown"),
        h("p", {}, error instanceof Error ? error.message : String(error)),
        h("p", {}, h("a", { href: location.pathname }, "Try again"), " or go to ", h("a", { href: "/" }, "all sites"), "."),
      ),
    );
  }
}

void start();
