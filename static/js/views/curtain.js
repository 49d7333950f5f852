/**
 * What covers the stage until the picture is there, and when it does not come.
 *
 * @import { State } from "../types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { modelChip, storedHint, storedTitle } from "../core/words.js";

export class Curtain {
  /** @param {State} state */
  render(state) {
    const { phase, picture, progress, sending, snapshot } = state;
    const waits = phase === "preparing" || phase === "stored" || (phase === "guessing" && picture !== "ready");
    const failed = phase === "guessing" && picture === "failed";
    const curtain = byId("curtain");
    show(curtain, waits);
    if (!waits) return;
    curtain.dataset.model = failed ? "failed" : snapshot.round.model.state;
    setText(byId("curtain-title"), title(state, failed));
    setText(byId("curtain-hint"), hint(state, failed));
    const bar = /** @type {HTMLProgressElement} */ (byId("curtain-progress"));
    show(bar, phase === "guessing" && !failed && progress !== null);
    bar.value = progress ?? 0;
    show(byId("picture-trouble"), failed);
    byId("picture-skip").setAttribute("aria-disabled", String(sending === "skip"));
  }
}

/** @param {State} state @param {boolean} failed */
function title({ phase, snapshot: { round } }, failed) {
  if (failed) return t("The picture did not load.");
  if (phase === "stored") return storedTitle(round.outcome);
  if (phase === "guessing") return t("Loading the picture…");
  return round.model.state === "absent" ? t("Opening the round…") : modelChip(round.model);
}

/** @param {State} state @param {boolean} failed */
function hint({ phase, picture, progress, online, deadline_ms, snapshot: { game, round } }, failed) {
  if (phase === "stored") return storedHint(game);
  if (failed && !online) return t("You are offline. Your game is safe: try again when the network is back.");
  if (failed) return t("Your game is safe. Try again; if the picture is gone, skip it: the round then does not count.");
  if (phase !== "guessing") return round.model.state === "thinking" ? t("The picture opens when the model’s answer is sealed.") : "";
  if (picture !== "slow") return "";
  const share = progress === null ? "" : ` ${percent(progress)}`;
  return (deadline_ms === null ? t("The network is slow today. Nothing is lost.") : t("The network is slow today; the clock runs on the server.")) + share;
}
