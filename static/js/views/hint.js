/**
 * The first game of this browser: one small hint, which goes at the first pin or when it is closed, and stays away.
 *
 * @import { State } from "../types.js"
 */
import { byId, isPhone, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { countsCountries } from "../core/state.js";
import { recall, remember } from "../core/store.js";

const STORED = "arena.hint-seen";

export class Hint {
  #isSeen = recall(STORED) !== "";

  constructor() {
    byId("hint-close").addEventListener("click", () => this.#dismiss());
  }

  /** @param {State} state */
  render({ phase, pin, picture, snapshot: { game } }) {
    if (pin && !this.#isSeen) this.#dismiss();
    const visible = !this.#isSeen && phase === "guessing" && picture === "ready";
    if (visible) setText(byId("hint-text"), hintText(countsCountries(game)));
    show(byId("hint"), visible);
  }

  #dismiss() {
    this.#isSeen = true;
    remember(STORED, "1");
    show(byId("hint"), false);
  }
}

/** @param {boolean} country */
function hintText(country) {
  if (country) {
    return isPhone()
      ? t("Which country is this? Open the map, tap the country, then press Guess.")
      : t("Which country is this? Click it on the map, then press Guess. ? shows the keys.");
  }
  return isPhone()
    ? t("Where was this picture taken? Open the map, tap the place, then press Guess.")
    : t("Where was this picture taken? Click the place on the map, then press Guess. ? shows the keys.");
}
