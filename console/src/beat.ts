/** A worker that beats once a second. A browser slows a page's own timers where it is out of sight, not a worker's. */

setInterval(() => postMessage(null), 1000);
