/**
 * Commands on their way: each has an id of its own and is sent until the server has answered it; the server does the
 * same id once. Pure.
 *
 * @import { Command, Pending } from "./types.js"
 */

const RESEND_MS = 2500;
const BY_HTTP_MS = 1500;
const ONCE = new Set(["guess", "start", "rematch", "leave", "ready"]);
const OF_ITS_MATCH = new Set(["start", "rematch", "ready", "settings", "react"]);
const FIRST_WAIT_MS = 500; // twice within the two seconds that a guess is taken after the time is up
const LAST_WAIT_MS = 8000;
const MOST_REFUSALS = 4;
/** Errors that the next attempt need not meet: docs/protocol.md. */
const PASSING = new Set(["rate-limited", "server-error"]);

/** A second press of the same button is no second command. @param {Pending[]} outbox @param {string} id @param {Command} command @returns {Pending[]} */
export function add(outbox, id, command) {
  if (ONCE.has(command.type) && outbox.some((pending) => pending.command.type === command.type)) return outbox;
  return [...outbox, { id, command, due_ms: 0, refusals: 0 }];
}

/** @param {Pending[]} outbox @param {string | null} id @returns {Pending[]} */
export function answered(outbox, id) {
  return outbox.some((pending) => pending.id === id) ? outbox.filter((pending) => pending.id !== id) : outbox;
}

/** What a live socket should send now. @param {Pending[]} outbox @param {number} now_ms @returns {Pending[]} */
export function due(outbox, now_ms) {
  return outbox.filter(({ due_ms }) => now_ms >= due_ms);
}

/** @param {Pending[]} outbox @param {string} id @param {number} now_ms @returns {Pending[]} */
export function sent(outbox, id, now_ms) {
  return outbox.map((pending) => (pending.id === id ? { ...pending, due_ms: now_ms + RESEND_MS } : pending));
}

/**
 * Whether the refused command is to be tried again. A guess is, for as long as its round is open: it cannot be given
 * again once the time is up. Any other button may be pressed again, and is given back after some attempts.
 * @param {Pending[]} outbox @param {string | null} id @param {string} code
 */
export function mayComeAgain(outbox, id, code) {
  const refused = outbox.find((pending) => pending.id === id);
  return refused !== undefined && PASSING.has(code) && (refused.command.type === "guess" || refused.refusals < MOST_REFUSALS);
}

/** To be tried again, later with each refusal. @param {Pending[]} outbox @param {string | null} id @param {number} now_ms @returns {Pending[]} */
export function putOff(outbox, id, now_ms) {
  return outbox.map((pending) => {
    if (pending.id !== id) return pending;
    const wait_ms = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** pending.refusals);
    return { ...pending, due_ms: now_ms + wait_ms, refusals: pending.refusals + 1 };
  });
}

/** Over a new socket everything goes once more. @param {Pending[]} outbox @returns {Pending[]} */
export function unsent(outbox) {
  return outbox.some(({ due_ms }) => due_ms > 0) ? outbox.map((pending) => ({ ...pending, due_ms: 0 })) : outbox;
}

/** The guess that goes by HTTP, where the socket has been away for so long. @param {Pending[]} outbox @param {number} away_ms */
export function byHttp(outbox, away_ms) {
  return away_ms < BY_HTTP_MS ? null : (guessOf(outbox) ?? null);
}

/** @param {Pending[]} outbox @returns {{id: string, command: Command & {type: "guess"}} | undefined} */
export function guessOf(outbox) {
  const found = outbox.find(({ command }) => command.type === "guess");
  return /** @type {{id: string, command: Command & {type: "guess"}} | undefined} */ (found);
}

/** Names no match, and would do something to another one. @param {Pending} pending */
export function isOfItsMatch({ command }) {
  return OF_ITS_MATCH.has(command.type);
}

/** @param {Pending[]} outbox @param {Command["type"]} type */
export function isPending(outbox, type) {
  return outbox.some(({ command }) => command.type === type);
}
