/**
 * Commands on their way: each has an id of its own and is sent until the server has answered it; the server does the
 * same id once. Pure.
 *
 * @import { Command, Pending } from "./types.js"
 */

const RESEND_MS = 2500;
const BY_HTTP_MS = 1500;
const ONCE = new Set(["guess", "start", "rematch", "leave", "ready"]);

/** A second press of the same button is no second command. @param {Pending[]} outbox @param {string} id @param {Command} command @returns {Pending[]} */
export function add(outbox, id, command) {
  if (ONCE.has(command.type) && outbox.some((pending) => pending.command.type === command.type)) return outbox;
  return [...outbox, { id, command, sent_ms: null }];
}

/** @param {Pending[]} outbox @param {string | null} id @returns {Pending[]} */
export function answered(outbox, id) {
  return outbox.some((pending) => pending.id === id) ? outbox.filter((pending) => pending.id !== id) : outbox;
}

/** What a live socket should send now. @param {Pending[]} outbox @param {number} now_ms @returns {Pending[]} */
export function due(outbox, now_ms) {
  return outbox.filter(({ sent_ms }) => sent_ms === null || now_ms - sent_ms >= RESEND_MS);
}

/** @param {Pending[]} outbox @param {string} id @param {number} now_ms @returns {Pending[]} */
export function sent(outbox, id, now_ms) {
  return outbox.map((pending) => (pending.id === id ? { ...pending, sent_ms: now_ms } : pending));
}

/** Over a new socket everything goes once more. @param {Pending[]} outbox @returns {Pending[]} */
export function unsent(outbox) {
  return outbox.some(({ sent_ms }) => sent_ms !== null) ? outbox.map((pending) => ({ ...pending, sent_ms: null })) : outbox;
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

/** @param {Pending[]} outbox @param {Command["type"]} type */
export function isPending(outbox, type) {
  return outbox.some(({ command }) => command.type === type);
}
