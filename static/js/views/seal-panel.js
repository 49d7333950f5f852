/**
 * The seal of the model's answer: what was shown before the round, what it hid, and whether the two belong together.
 *
 * @import { ClosedRound, Round } from "../types.js"
 */
import { byId, icon, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { checkCommand, checkSeal } from "../core/seal.js";
import { copyButton } from "./copy.js";

const STORED = "arena.seal.";

export class SealPanel {
  /** Digests as they were shown before the guess. @type {Map<string, string>} */
  #shown = new Map();

  constructor() {
    copyButton(byId("seal-copy"), () => byId("seal-command").textContent ?? "");
  }

  /** Remember what was promised, also over a reload of the page. @param {Pick<Round, "id" | "state" | "model">} round */
  witness({ id, state, model }) {
    if (state === "closed" || !model.digest || this.#shown.has(id)) return;
    const before = remembered(id);
    this.#shown.set(id, before || model.digest);
    if (!before) keep(id, model.digest);
  }

  /** @param {Pick<ClosedRound, "round" | "seal">} result */
  fill({ round, seal }) {
    show(byId("tab-seal"), seal !== null);
    if (!seal) return;
    const before = this.#shown.get(round) || remembered(round) || null;
    const differs = before !== null && before !== seal.digest;
    show(byId("seal-differs"), differs);
    setText(byId("seal-before"), differs ? before : "");
    setText(byId("seal-label"), before === seal.digest ? t("Digest, as it was shown before the round") : t("Digest of the seal"));
    setText(byId("seal-digest"), seal.digest);
    setText(byId("seal-preimage"), seal.preimage);
    setText(byId("seal-command"), checkCommand(seal.preimage));
    const verdict = byId("seal-verdict");
    verdict.replaceChildren();
    checkSeal(seal, before).then((matches) => {
      verdict.dataset.matches = String(matches);
      verdict.replaceChildren(...verdictNodes(matches, before !== null));
    });
  }
}

/** @param {boolean | null} matches @param {boolean} wasSeen @returns {(Node | string)[]} */
function verdictNodes(matches, wasSeen) {
  if (matches === null) return [t("This browser cannot check it over a plain connection. The command below can.")];
  if (!matches) return [icon("circle-x"), t("Checked in this browser: it does not match. Please tell whoever runs this server.")];
  const text = wasSeen ? t("Checked in this browser: text and digest match the one shown before the round.") : t("Checked in this browser: text and digest match.");
  return [icon("circle-check"), text];
}

/** @param {string} round */
function remembered(round) {
  try {
    return sessionStorage.getItem(STORED + round) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} round @param {string} digest */
function keep(round, digest) {
  try {
    sessionStorage.setItem(STORED + round, digest);
  } catch {
    // The page itself still remembers.
  }
}
