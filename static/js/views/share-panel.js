/**
 * What a finished game is shared with: a text that tells how it went and never where, and a link to the same rounds.
 *
 * @import { Game, Share } from "../types.js"
 * @import { Api } from "../net/api.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { copyButton } from "./copy.js";

export class SharePanel {
  /** @type {Promise<Share | null> | null} asked for once */
  #share = null;

  /** @param {Api} api */
  constructor(api) {
    this.api = api;
    this.text = /** @type {HTMLTextAreaElement} */ (byId("share-text"));
    this.address = /** @type {HTMLInputElement} */ (byId("challenge-link"));
    this.button = byId("challenge-button");
    this.button.addEventListener("click", () => this.#challenge());
    copyButton(byId("share-copy"), () => this.text.value);
    copyButton(byId("challenge-copy"), () => this.address.value);
    this.address.addEventListener("focus", () => this.address.select());
    this.#bindSheet();
  }

  /** @param {Game} game @returns {Promise<Share | null>} null: the server does not answer, and the box stays away */
  async fill(game) {
    this.#share ??= this.api.share().catch(() => null);
    const share = await this.#share;
    if (!share) {
      this.#share = null;
      return null;
    }
    show(byId("share-box"), true);
    if (this.address.value) return share;
    this.#write(share.text);
    const hasLink = !game.daily && new URL(share.url, location.href).pathname !== this.api.urls.home;
    if (hasLink) this.#showLink(share.url);
    show(this.button, !game.daily && !hasLink);
    const all = byId("all-results");
    all.setAttribute("href", share.url);
    show(all, Boolean(game.daily || game.challenge));
    return share;
  }

  /** The phone's own way to share, where there is one. */
  #bindSheet() {
    const button = byId("share-sheet");
    show(button, "share" in navigator && window.matchMedia("(pointer: coarse)").matches);
    button.addEventListener("click", () => navigator.share({ text: this.text.value }).catch(() => undefined));
  }

  /** @param {string} text */
  #write(text) {
    this.text.value = text;
    this.text.rows = text.split("\n").length;
  }

  /** @param {string} url */
  #showLink(url) {
    this.address.value = url;
    show(this.button, false);
    show(byId("challenge-trouble"), false);
    show(byId("challenge-made"), true);
  }

  async #challenge() {
    if (this.button.getAttribute("aria-disabled") === "true") return;
    this.button.setAttribute("aria-disabled", "true");
    try {
      const { url, text } = await this.api.challenge();
      this.#showLink(url);
      this.#write(text);
      this.address.focus();
    } catch {
      setText(byId("challenge-trouble"), t("The link could not be made. Try again in a moment."));
      show(byId("challenge-trouble"), true);
    } finally {
      this.button.setAttribute("aria-disabled", "false");
    }
  }
}
