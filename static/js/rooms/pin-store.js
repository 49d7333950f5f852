/**
 * The pin of the open round, kept over a reload of the page: for this tab alone.
 *
 * @import { Place } from "../types.js"
 */

const STORED = "arena.room-pin";

/** @param {string} round @param {Place} place */
export function keepPin(round, place) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify({ round, place }));
  } catch {
    // For this page only, then.
  }
}

/** @param {string} round @returns {Place | null} */
export function keptPin(round) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
    return kept?.round === round ? kept.place : null;
  } catch {
    return null;
  }
}
