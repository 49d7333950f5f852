/**
 * Countries in a row. Pure.
 *
 * @import { ClosedRound } from "../types.js"
 */

/** Countries named right before the first wrong one; void rounds neither add nor end. @param {ClosedRound[]} results */
export function streakOf(results) {
  const counted = results.filter((result) => !result.void);
  const end = counted.findIndex((result) => result.you.correct !== true);
  return end === -1 ? counted.length : end;
}

/** The round that ended the streak. @param {ClosedRound[]} results @returns {ClosedRound | null} */
export function lastRound(results) {
  return results.find((result) => !result.void && result.you.correct !== true) ?? null;
}
