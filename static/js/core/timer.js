/**
 * How long a round still lasts. Pure. Moments are milliseconds of the page's own monotonic clock
 * (performance.now()): what the computer believes of the time of day plays no part.
 */

export const LAST_S = 10; // said in red and in words
const GRACE_MS = 2300; // the server's grace of two seconds, and the way there
const SPOKEN_S = [30, LAST_S, 5];

/**
 * The moment at which the round ends, from the seconds that the server said were left. Each answer was under way
 * for a while, so that an estimate is late, never early: the earliest is the best.
 * @param {number | null} before the estimate so far @param {number | null} timeLeft_s @param {number} received_ms
 * @returns {number | null} null: no limit
 */
export function deadline(before, timeLeft_s, received_ms) {
  if (timeLeft_s === null) return null;
  const now = received_ms + timeLeft_s * 1000;
  return before === null ? now : Math.min(before, now);
}

/** Whole seconds, rounded up: 0 means that the time is up. @param {number} deadline_ms @param {number} now_ms */
export function secondsLeft(deadline_ms, now_ms) {
  return Math.max(0, Math.ceil((deadline_ms - now_ms) / 1000));
}

/** Until the number of seconds changes. @param {number} deadline_ms @param {number} now_ms */
export function untilNextSecond(deadline_ms, now_ms) {
  const left = deadline_ms - now_ms;
  return left <= 0 ? 0 : left % 1000 || 1000;
}

/** 83 -> "1:23" @param {number} seconds */
export function clockText(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * The number to be said aloud between two looks at the clock, or null. Only the latest: a page that slept must not
 * read a list.
 * @param {number} before seconds left at the last look @param {number} now
 */
export function toSay(before, now) {
  const passed = SPOKEN_S.filter((seconds) => now <= seconds && seconds < before && now > 0);
  return passed.length > 0 ? now : null;
}

/** The server has had the time to close the round: ask. @param {number | null} deadline_ms @param {number} now_ms */
export function isVerdictDue(deadline_ms, now_ms) {
  return deadline_ms !== null && now_ms >= deadline_ms + GRACE_MS;
}
