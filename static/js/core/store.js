/** What this browser remembers. Storage may be closed to us: then the page forgets, and still works. */

/** @param {string} key @returns {string} "" when nothing is known */
export function recall(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // For this page only, then.
  }
}
