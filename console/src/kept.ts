/** What a browser keeps for these pages. One may be set to keep nothing: then it holds for this page. */

/** What is kept for good under `key`. */
export function kept(key: string): string | null {
  return tried(() => localStorage.getItem(key)) ?? null;
}

/** Keep `value` for good; null: no longer. */
export function keep(key: string, value: string | null): void {
  tried(() => (value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value)));
}

/** What is kept under `key` until this tab is closed. */
export function keptInTab(key: string): string | null {
  return tried(() => sessionStorage.getItem(key)) ?? null;
}

/** Keep `value` until this tab is closed; null: no longer. */
export function keepInTab(key: string, value: string | null): void {
  tried(() => (value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value)));
}

function tried<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
