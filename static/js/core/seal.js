/**
 * Checking the seal: SHA-256 of the revealed text against the digest that was shown before the round.
 *
 * @import { Seal } from "../types.js"
 */

/** @param {string} text @returns {Promise<string>} hex */
export async function sha256(text) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Null where the browser cannot (plain http away from localhost). `before` is the digest that this browser saw
 * before the guess, if it saw one: the seal must be that one too.
 * @param {Seal} seal @param {string | null} before @returns {Promise<boolean | null>}
 */
export async function checkSeal(seal, before) {
  if (!globalThis.crypto?.subtle) return null;
  if (before !== null && before !== seal.digest) return false;
  return (await sha256(seal.preimage)) === seal.digest;
}

/** What a person types into a shell to check it elsewhere. @param {string} preimage */
export function checkCommand(preimage) {
  return `printf %s '${preimage.replaceAll("'", "'\\''")}' | sha256sum`;
}
