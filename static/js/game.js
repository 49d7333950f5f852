/**
 * The game page: one state, one reducer, views that draw it, and the wires to server, keys and map.
 *
 * @import { Action } from "./core/state.js"
 * @import { Boot, Command, Place, State } from "./types.js"
 */
import { byId, isPhone } from "./core/dom.js";
import { normalised } from "./core/geo.js";
import { intent } from "./core/keys.js";
import { canGuess, initial, reduce } from "./core/state.js";
import { problemOf } from "./core/words.js";
import { coordinates } from "./core/format.js";
import { nearest } from "./map/gazetteer.js";
import { GuessPin } from "./map/guess-pin.js";
import { Overlays } from "./map/overlays.js";
import { takeMap, World } from "./map/world.js";
import { Api, ApiError } from "./net/api.js";
import { Link } from "./net/link.js";
import { Chrome } from "./views/chrome.js";
import { MapPanel } from "./views/map-panel.js";
import { Picture } from "./views/picture.js";
import { ResultCard } from "./views/result-card.js";
import { SummaryCard } from "./views/summary-card.js";

const CALM_MS = 250; // after a result appears, a key press meant for the guess must not skip it

class GamePage {
  #scene = "";
  #sceneSince = 0;
  /** @type {Place[]} what the view of a result holds */
  #fitted = [];

  /** @param {Boot} boot */
  constructor(boot) {
    this.state = initial(boot.snapshot);
    this.api = new Api(boot);
    this.chrome = new Chrome();
    const mapElement = byId("guess-map");
    this.world = new World(takeMap(), { shapes: mapElement.dataset.shapes ?? "", cities: mapElement.dataset.cities ?? "" });
    this.pin = new GuessPin(this.world.map, (place) => this.#place(place));
    this.overlays = new Overlays(this.world.map);
    this.panel = new MapPanel(mapElement);
    this.picture = new Picture(byId("picture"), (picture) => this.dispatch({ type: "picture", picture }));
    this.result = new ResultCard(
      (tab) => this.#showTab(tab),
      (place) => nearest(this.world.cities, place),
    );
    this.summary = new SummaryCard();
    this.link = new Link(boot.urls.socket, this.api, (action) => this.dispatch(action), () => this.state);
    this.#bind();
  }

  start() {
    this.#render();
    return this.link.open();
  }

  /** @param {Action} action */
  dispatch(action) {
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state === before) return;
    this.#render();
    this.link.follow(this.state);
  }

  // --- drawing -------------------------------------------------------------------------------

  #render() {
    const { state } = this;
    this.chrome.render(state);
    this.result.witness(state.snapshot.round);
    this.pin.show(state.phase === "guessing" ? state.pin : null, state.phase === "guessing" && state.sending === null);
    const scene = `${state.phase}:${state.phase === "guessing" || state.phase === "result" ? state.snapshot.round.id : ""}`;
    if (scene === this.#scene) {
      if (state.phase === "guessing") this.picture.show(state.snapshot.round);
      return;
    }
    this.#scene = scene;
    this.#sceneSince = performance.now();
    this.#changeScene(state);
  }

  /** @param {State} state */
  #changeScene({ phase, snapshot: { game, round, results } }) {
    byId("result-card").hidden = phase !== "result";
    byId("summary-card").hidden = phase !== "summary";
    if (phase === "result" && round.result) this.#showResult(round, round.result);
    else if (phase === "summary") this.#showSummary(game, results);
    else {
      this.overlays.clear();
      this.panel.reset();
      if (phase === "guessing" || phase === "preparing") this.world.showWorld();
      if (phase === "guessing") this.picture.show(round);
      else this.picture.clear();
    }
  }

  /** @param {import("./types.js").Round} round @param {import("./types.js").Result} result */
  #showResult(round, result) {
    this.picture.clear();
    this.result.fill(round, result);
    this.#fitted = this.overlays.showResult(result);
    this.world.fit(this.#fitted, { ...padding("result-card"), maxZoom: 11 });
    byId("result-title").focus({ preventScroll: true });
  }

  /** The places that the model thought of are on the map while their list is read. @param {string} tab */
  #showTab(tab) {
    const thoughts = this.overlays.showThoughts(tab === "beliefs");
    if (thoughts.length > 0) this.world.fit([...this.#fitted, ...thoughts], { ...padding("result-card"), maxZoom: 11 });
  }

  /** @param {import("./types.js").Game} game @param {import("./types.js").ClosedRound[]} results */
  #showSummary(game, results) {
    this.picture.clear();
    this.summary.fill(game, results);
    this.world.fit(this.overlays.showSummary(results), { ...padding("summary-card"), maxZoom: 9 });
    byId("summary-title").focus({ preventScroll: true });
  }

  // --- commands ------------------------------------------------------------------------------

  /** @param {Place} place */
  #place(place) {
    this.dispatch({ type: "pin", place });
    if (this.state.pin !== place) return;
    const exact = normalised(place);
    this.chrome.say(`Pin set at ${coordinates(exact)} ${nearest(this.world.cities, exact)}`.trim());
  }

  guess() {
    const { pin, snapshot } = this.state;
    if (!canGuess(this.state) || !pin) return;
    this.#send("guess", () => this.api.guess(snapshot.round.id, normalised(pin)));
  }

  next() {
    const { phase, sending, snapshot } = this.state;
    if (phase !== "result" || sending) return;
    if (snapshot.game.state === "finished") this.dispatch({ type: "summary" });
    else this.#send("next", () => this.api.next(snapshot.round.id));
  }

  /** @param {Command} command @param {() => Promise<import("./types.js").Snapshot>} call */
  async #send(command, call) {
    this.dispatch({ type: "sending", command });
    /** @type {import("./types.js").Snapshot} */
    let snapshot;
    try {
      snapshot = await call();
    } catch (error) {
      return this.#recover(command, error);
    }
    this.dispatch({ type: "snapshot", snapshot });
  }

  /** A conflict means that the server is ahead of this page: look at what is true now. @param {Command} command @param {unknown} error */
  async #recover(command, error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 409) {
      const snapshot = await this.api.snapshot().catch(() => null);
      if (snapshot) this.dispatch({ type: "snapshot", snapshot });
      if (this.state.sending === null) return;
    }
    this.dispatch({ type: "failed", problem: problemOf(command, error) });
  }

  // --- hands ---------------------------------------------------------------------------------

  #bind() {
    byId("guess-button").addEventListener("click", () => this.guess());
    byId("next-button").addEventListener("click", () => this.next());
    byId("picture-retry").addEventListener("click", () => this.picture.retry(this.state.snapshot.round));
    byId("message-close").addEventListener("click", () => this.dispatch({ type: "dismiss" }));
    byId("message-retry").addEventListener("click", () => (this.state.problem?.retry === "next" ? this.next() : this.guess()));
    byId("help-button").addEventListener("click", () => this.#help());
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", () => (document.body.dataset.hands = "pointer"), true);
    for (const name of ["online", "offline"]) {
      window.addEventListener(name, () => this.dispatch({ type: "online", online: navigator.onLine }));
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const confirms = event.key === "Enter" || event.key === " ";
    if (!confirms) document.body.dataset.hands = "keyboard";
    if (/** @type {HTMLDialogElement} */ (byId("help")).open) return;
    const focus = focusOf(event.target);
    if (event.repeat && focus === "control" && confirms) event.preventDefault();
    const modified = event.ctrlKey || event.altKey || event.metaKey;
    const crosshair = document.body.dataset.hands === "keyboard";
    const wish = intent({ key: event.key, repeat: event.repeat, modified, focus, crosshair, phase: this.state.phase });
    if (!wish) return;
    event.preventDefault();
    this.#obey(wish, event.key);
  }

  /** @param {import("./core/keys.js").Intent} wish @param {string} key */
  #obey(wish, key) {
    const isPlaying = this.state.phase === "guessing";
    if (wish === "guess") this.guess();
    else if (wish === "next" && performance.now() - this.#sceneSince > CALM_MS) this.next();
    else if (wish === "toggle-map" && isPlaying) this.panel.toggle();
    else if (wish === "leave-map" && isPlaying) this.panel.leave();
    else if (wish === "pin-centre") this.pin.chooseCentre();
    else if (wish === "reset-view") this.picture.resetView();
    else if (wish === "turn") this.picture.hold(key);
    else if (wish === "help") this.#help();
  }

  #help() {
    /** @type {HTMLDialogElement} */ (byId("help")).showModal();
  }
}

/** @param {EventTarget | null} target @returns {import("./core/keys.js").Press["focus"]} */
function focusOf(target) {
  if (!(target instanceof Element)) return "page";
  if (target.closest("input, select, textarea, [contenteditable]")) return "field";
  if (target.closest("button, a, summary, [role=tab]")) return "control";
  return target.closest("#guess-map") ? "map" : "page";
}

/** Room for what floats over the map. @param {string} cardId @returns {L.FitBoundsOptions} */
function padding(cardId) {
  if (isPhone()) return { paddingTopLeft: [40, 60], paddingBottomRight: [40, 40] };
  const card = byId(cardId).getBoundingClientRect();
  return { paddingTopLeft: [card.right + 60, 110], paddingBottomRight: [90, 100] };
}

const boot = /** @type {Boot} */ (JSON.parse(byId("boot").textContent ?? ""));
new GamePage(boot).start();
