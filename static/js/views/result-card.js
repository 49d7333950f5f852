/**
 * The card beside the map after a round.
 *
 * @import { ClosedRound, Game, Layers, Place, Round } from "../types.js"
 */
import { byId, h, icon, setText, show } from "../core/dom.js";
import { coordinates } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { countsCountries } from "../core/state.js";
import { countryTitle, winnerTitle, words } from "../core/words.js";
import { BeliefsPanel } from "./beliefs-panel.js";
import { LookedPanel } from "./looked-panel.js";
import { PlacePanel } from "./place-panel.js";
import { contestants, countryRow, markIcon, pointsRow, shapeOf } from "./scores.js";
import { SealPanel } from "./seal-panel.js";
import { Tabs } from "./tabs.js";

export class ResultCard {
  /** @param {{onTab: (tab: string) => void, onHeat: (visible: boolean) => void, onAgain: () => void, describe: (place: Place) => string, local: (url: string) => string}} hooks */
  constructor({ onTab, onHeat, onAgain, describe, local }) {
    this.card = byId("result-card");
    this.place = new PlacePanel(local);
    this.looked = new LookedPanel();
    this.beliefs = new BeliefsPanel(describe, onHeat);
    this.seal = new SealPanel();
    this.tabs = new Tabs(byId("result-tabs"), onTab);
    for (const name of ["looked", "beliefs"]) {
      byId(`${name}-again`).addEventListener("click", () => {
        onAgain();
        byId(`tab-${name}`).focus(); // the button goes away
      });
    }
    this.tabs.swipeOn(byId("result-panels"));
  }

  /** @param {Round} round */
  witness(round) {
    this.seal.witness(round);
  }

  /** @param {Game} game @param {ClosedRound} result */
  fill(game, result) {
    this.#title(game, result);
    this.#where(result);
    const row = countsCountries(game) ? countryRow : pointsRow;
    show(byId("result-scores"), !result.void);
    byId("result-scores").replaceChildren(...contestants(result).map(row));
    const notes = notesOf(game, result);
    byId("result-notes").replaceChildren(...notes.map((note) => h("p", { class: "note" }, icon("info"), h("span", {}, note))));
    show(byId("result-notes"), notes.length > 0);
    for (const panel of [this.place, this.looked, this.beliefs, this.seal]) panel.fill(result);
    this.tabs.restore();
    this.card.scrollTop = 0;
  }

  /** @param {Layers} layers */
  showLayers(layers) {
    this.looked.show(layers);
    this.beliefs.show(layers);
  }

  /** @param {Game} game @param {ClosedRound} result */
  #title(game, result) {
    const winner = byId("winner");
    const title = countsCountries(game) ? countryTitle(result) : winnerTitle(result);
    const kind = result.void ? "nobody" : countsCountries(game) ? rightness(result) : result.model ? result.winner : "nobody";
    winner.dataset.winner = kind;
    const shape = kind === "you" || kind === "model" ? [shapeOf(kind, "")] : kind === "right" || kind === "wrong" ? [markIcon(kind === "right")] : [];
    winner.replaceChildren(...shape, h("span", {}, title));
  }

  /** @param {ClosedRound} result */
  #where({ truth, place, country }) {
    setText(byId("place-name"), place || country?.name || words.noPlace);
    setText(byId("place-coordinates"), coordinates(truth));
  }
}

/** @param {ClosedRound} result */
function rightness({ you }) {
  return you.correct ? "right" : "wrong";
}

/** @param {Game} game @param {ClosedRound} result */
function notesOf(game, result) {
  if (result.void) return [result.void];
  const notes = [];
  if (result.you.outcome === "timeout") notes.push(countsCountries(game) ? t("The time was up before you guessed.") : t("The time was up before you guessed: 0 points."));
  if (result.withdrawn) notes.push(words.withdrawn);
  if (result.drawn) notes.push(words.drawn);
  if (result.times_seen > 0) notes.push(seen(result.times_seen));
  if (result.seen_in_training) notes.push(t("The model trained on this picture or its neighbours: the round does not count in the benchmark."));
  return notes;
}

/** @param {number} times */
function seen(times) {
  return tn(
    "You have seen this picture once before: the round does not count in the benchmark.",
    "You have seen this picture {n} times before: the round does not count in the benchmark.",
    times,
  );
}
