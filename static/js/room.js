/**
 * The page of a room: one state, one reducer, views that draw it, and the wires to server, keys and map.
 *
 * @import { Place } from "./types.js"
 * @import { Action } from "./rooms/state.js"
 * @import { Boot, LiveResult, State } from "./rooms/types.js"
 */
import { byId, pageReceivedAt } from "./core/dom.js";
import { coordinates } from "./core/format.js";
import { normalised } from "./core/geo.js";
import { t } from "./core/i18n.js";
import { nearest } from "./map/gazetteer.js";
import { GuessPin } from "./map/guess-pin.js";
import { besideCard } from "./map/padding.js";
import { takeMap, World } from "./map/world.js";
import { Pictures } from "./net/pictures.js";
import { Chrome } from "./rooms/chrome.js";
import { FinalCard } from "./rooms/final-card.js";
import { RoomLink } from "./rooms/link.js";
import { Lobby } from "./rooms/lobby.js";
import { RoomOverlays } from "./rooms/overlays.js";
import { keepPin, keptPin } from "./rooms/pin-store.js";
import { Reactions } from "./rooms/reactions.js";
import { ResultCard } from "./rooms/result-card.js";
import { SettingsPanel } from "./rooms/settings.js";
import { canGuess, canPin, initial, isPlaying, reduce, roundOf } from "./rooms/state.js";
import { listenToButtons, listenToKeys, openHelp } from "./views/hands.js";
import { MapPanel } from "./views/map-panel.js";
import { Picture } from "./views/picture.js";

const LEAVE_MS = 1000;

class RoomPage {
  #scene = "";
  #isLeaving = false;

  /** @param {Boot} boot */
  constructor(boot) {
    this.state = initial(boot, pageReceivedAt());
    this.home = boot.urls.home;
    const mapElement = byId("guess-map");
    this.world = new World(takeMap(), { shapes: mapElement.dataset.shapes ?? "", cities: mapElement.dataset.cities ?? "" });
    this.world.ready.catch(() => this.#mapFailed());
    this.pin = new GuessPin(this.world.map, (place) => this.#place(place));
    this.overlays = new RoomOverlays(this.world.map);
    this.panel = new MapPanel(mapElement);
    this.pictures = new Pictures();
    this.picture = new Picture(byId("picture"), this.pictures, (picture, progress) => this.dispatch({ type: "picture", picture, progress }));
    this.link = new RoomLink(boot.urls, boot.csrf_token, (action) => this.dispatch(action), () => this.state);
    this.chrome = new Chrome(() => this.#timeIsUp());
    this.#addViews(boot);
    this.#bind();
  }

  /** @param {Boot} boot */
  #addViews({ choices }) {
    const { link } = this;
    this.lobby = new Lobby(
      {
        onReady: (ready) => link.send({ type: "ready", ready }),
        onStart: () => link.send({ type: "start" }),
        onLeave: () => this.#leave(),
        onKick: (player) => link.send({ type: "kick", player }),
      },
      () => this.state,
    );
    this.settings = new SettingsPanel(choices, (changes) => link.send({ type: "settings", ...changes }));
    this.result = new ResultCard((url) => this.pictures.local(url));
    this.final = new FinalCard({ onRematch: () => this.#rematch(), onLobby: () => this.dispatch({ type: "lobby" }) });
    this.reactions = new Reactions((reaction) => link.send({ type: "react", reaction }));
  }

  start() {
    const round = roundOf(this.state);
    const kept = round && keptPin(round.id);
    if (kept) this.dispatch({ type: "pin", place: kept });
    this.#render();
    this.link.open();
  }

  /** @param {Action} action */
  dispatch(action) {
    if (this.#isLeaving && (action.type === "ended" || isAnswer(action))) return this.#goHome();
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state === before) return;
    this.#render();
    if (this.state.outbox !== before.outbox) this.link.flush();
  }

  // --- drawing -------------------------------------------------------------------------------

  #render() {
    const { state } = this;
    this.chrome.render(state);
    this.lobby?.render(state);
    this.settings?.render(state);
    this.final?.render(state);
    this.reactions?.render(state);
    this.result?.witness(state);
    this.pictures.fetchAhead(state.server.match?.next);
    const isGuessing = state.phase === "guessing";
    this.pin.show(isGuessing ? (state.yourGuess ?? state.pin) : null, canPin(state));
    const round = roundOf(state);
    const scene = sceneOf(state);
    if (scene !== this.#scene) {
      this.#scene = scene;
      this.#changeScene(state);
    }
    if (isGuessing && round) this.picture.show(round);
  }

  /** @param {State} state */
  #changeScene(state) {
    const { phase, server } = state;
    const result = server.match?.result;
    byId("result-card").hidden = phase !== "result" || !result;
    byId("summary-card").hidden = phase !== "summary";
    if (phase !== "guessing") this.picture.clear();
    if (phase === "result" && result) this.#showResult(state, result);
    else if (phase === "summary") this.#showFinal(state, result ?? null);
    else {
      this.overlays.clear();
      this.panel.reset();
      if (phase === "guessing" || phase === "preparing") this.world.showWorld();
    }
  }

  /** @param {State} state @param {LiveResult} result */
  #showResult(state, result) {
    this.result?.fill(state, result);
    this.world.fit(this.overlays.showResult(state, result), { ...besideCard("result-card"), maxZoom: 11 });
    byId("result-title").focus({ preventScroll: true });
  }

  /** @param {State} state @param {LiveResult | null} result of the last round */
  #showFinal(state, result) {
    this.final?.fill(state);
    if (result) this.world.fit(this.overlays.showResult(state, result), { ...besideCard("summary-card"), maxZoom: 9 });
    byId("summary-title").focus({ preventScroll: true });
  }

  // --- commands ------------------------------------------------------------------------------

  /** @param {Place} place */
  #place(place) {
    this.dispatch({ type: "pin", place });
    if (this.state.pin !== place) return;
    const exact = normalised(place);
    keepPin(roundOf(this.state)?.id ?? "", place);
    this.chrome.say(t("Pin set at {coordinates} {place}", { coordinates: coordinates(exact), place: nearest(this.world.cities, exact) }).trim());
  }

  guess() {
    const { pin } = this.state;
    const round = roundOf(this.state);
    if (!canGuess(this.state) || !pin || !round) return;
    this.link.send({ type: "guess", round: round.id, ...normalised(pin) });
    this.panel.reset();
  }

  /** A pin that was set counts; without one, the server's verdict is 0 points. */
  #timeIsUp() {
    this.guess();
    this.dispatch({ type: "time-up" });
  }

  #rematch() {
    if (byId("rematch-button").getAttribute("aria-disabled") !== "true") this.link.send({ type: "rematch" });
  }

  /** The place in the room is given up, where the server hears it in time. */
  #leave() {
    this.#isLeaving = true;
    this.link.send({ type: "leave" });
    window.setTimeout(() => this.#goHome(), LEAVE_MS);
  }

  /** Once: to ask for the same page again would begin the way to it anew. */
  #goHome() {
    if (!this.#isLeaving) return;
    this.#isLeaving = false;
    this.link.close();
    window.location.assign(this.home);
  }

  #mapFailed() {
    this.dispatch({ type: "refused", id: null, code: "no-map", message: t("The map could not be drawn. Your place is kept: reload the page.") });
  }

  // --- hands ---------------------------------------------------------------------------------

  #bind() {
    listenToButtons({
      "guess-button": () => this.guess(),
      "picture-retry": () => this.#retryPicture(),
      "message-close": () => this.dispatch({ type: "dismiss" }),
      "help-button": openHelp,
      condition: openHelp,
      "final-leave": () => this.#leave(),
    });
    listenToKeys(
      () => ({ phase: this.state.phase, replay: null }),
      (wish, key) => this.#obey(wish, key),
    );
    for (const name of ["online", "offline"]) {
      window.addEventListener(name, () => this.dispatch({ type: "online", online: navigator.onLine }));
    }
  }

  #retryPicture() {
    const round = roundOf(this.state);
    if (round) this.picture.retry(round);
  }

  /** @param {import("./core/keys.js").Intent} wish @param {string} key */
  #obey(wish, key) {
    const isOpen = this.state.phase === "guessing";
    if (wish === "guess") this.guess();
    else if (wish === "toggle-map" && isOpen && isPlaying(this.state)) this.panel.toggle();
    else if (wish === "leave-map" && isOpen) this.panel.leave();
    else if (wish === "pin-centre") this.pin.chooseCentre();
    else if (wish === "reset-view") this.picture.resetView();
    else if (wish === "turn") this.picture.hold(key);
    else if (wish === "help") openHelp();
  }
}

/** @param {Action} action */
function isAnswer(action) {
  return action.type === "frame" && (action.frame.type === "ack" || action.frame.type === "error");
}

/** What is on show: when it changes, everything is laid out anew. @param {State} state */
function sceneOf({ phase, server: { match } }) {
  const about = phase === "result" ? (match?.result?.round ?? "") : phase === "guessing" ? (match?.round?.id ?? "") : phase === "summary" ? (match?.game ?? "") : "";
  return `${phase}:${about}`;
}

const boot = /** @type {Boot} */ (JSON.parse(byId("boot").textContent ?? ""));
new RoomPage(boot).start();
