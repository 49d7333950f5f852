/**
 * The server's moments on the page's own monotonic clock. Pure.
 */

const CLOCK_WAS_SET_MS = 60_000;
const SAME_MOMENT_MS = 200;

/**
 * How far the server's clock is ahead of the page's. Each message was under way for a while, so that an estimate is
 * too small, never too large: the largest is the best, until one of the clocks was set.
 * @param {number | null} before the estimate so far @param {string} serverTime ISO @param {number} received_ms
 */
export function clockOffset(before, serverTime, received_ms) {
  const now = Date.parse(serverTime) - received_ms;
  if (before === null || Math.abs(now - before) > CLOCK_WAS_SET_MS) return now;
  return Math.max(before, now);
}

/**
 * The moment that lies so many seconds after the server's time; the one known before where the two are the same, so
 * that no clock is started anew with each message.
 * @param {number | null} before @param {number | null} left_s @param {string} serverTime @param {number} offset_ms
 * @returns {number | null}
 */
export function moment(before, left_s, serverTime, offset_ms) {
  if (left_s === null) return null;
  const now = Date.parse(serverTime) + left_s * 1000 - offset_ms;
  return before !== null && Math.abs(before - now) < SAME_MOMENT_MS ? before : now;
}
