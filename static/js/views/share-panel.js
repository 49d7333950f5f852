/**
 * What a finished game is shared with: a text that tells how it went and never where, and a link to the same rounds.
 *
 * @import { Snapshot } from "../types.js"
 * @import { Api } from "../net/api.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { shareText } from "../core/share.js";
import { copyButton } from "./copy.js";

export class SharePanel {
  /** @type {Snapshot | null} */
  #snapshot = null;
  #link = "";

  /** @param {Api} api */
  constructor(api) {
    this.api = api;
    this.text = /** @type {HTMLTextAreaElement} */ (byId("share-text"));
    this.address = /** @type {HTMLInputElement} */ (byId("challenge-link"));
    this.button = byId("challenge-button");
    this.button.addEventListener("click", () => this.#challenge());
    copyButton(byId("share-copy"), () => this.text.value);
    copyButton(byId("challenge-copy"), () => this.#link);
    this.address.addEventListener("focus", () => this.address.select());
    this.#bindSheet();
  }

  /** @param {Snapshot} snapshot */
  fill(snapshot) {
    this.#snapshot = snapshot;
    show(this.button, Boolean(this.api.urls.challenge) && !this.#link);
    this.#write();
  }

  /** The phone's own way to share, where there is one. */
  #bindSheet() {
    const button = byId("share-sheet");
    show(button, "share" in navigator && window.matchMedia("(pointer: coarse)").matches);
    button.addEventListener("click", () => navigator.share({ text: this.text.value }).catch(() => undefined));
  }

  #write() {
    if (!this.#snapshot) return;
    const { game, results } = this.#snapshot;
    this.text.value = shareText(game, results, this.#link || new URL(this.api.urls.home, location.href).href);
    this.text.rows = this.text.value.split("\n").length;
  }

  async #challenge() {
    if (this.button.getAttribute("aria-disabled") === "true") return;
    this.button.setAttribute("aria-disabled", "true");
    try {
      const { url } = await this.api.challenge();
      this.#link = new URL(url, location.href).href;
    } catch {
      setText(byId("challenge-trouble"), t("The link could not be made. Try again in a moment."));
      show(byId("challenge-trouble"), true);
      return;
    } finally {
      this.button.setAttribute("aria-disabled", "false");
    }
    this.address.value = this.#link;
    show(this.button, false);
    show(byId("challenge-trouble"), false);
    show(byId("challenge-made"), true);
    this.#write();
    this.address.focus();
  }
}
