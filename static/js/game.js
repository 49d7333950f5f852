/**
 * The game page: one state, one reducer, views that draw it, and the wires to server, keys and map.
 *
 * @import { Action } from "./core/state.js"
 * @import { Boot, ClosedRound, Command, Place, Snapshot, State } from "./types.js"
 */
import { byId, pageReceivedAt } from "./core/dom.js";
import { coordinates } from "./core/format.js";
import { normalised } from "./core/geo.js";
import { t } from "./core/i18n.js";
import { besideReplay, canGuess, countsCountries, initial, reduce, shownResult } from "./core/state.js";
import { problemOf } from "./core/words.js";
import { nearest } from "./map/gazetteer.js";
import { GuessPin } from "./map/guess-pin.js";
import { Overlays } from "./map/overlays.js";
import { besideCard } from "./map/padding.js";
import { takeMap, World } from "./map/world.js";
import { Api } from "./net/api.js";
import { ApiError } from "./net/json.js";
import { LayersFeed } from "./net/layers.js";
import { Link } from "./net/link.js";
import { Pictures } from "./net/pictures.js";
import { Chrome } from "./views/chrome.js";
import { CountryPreview } from "./views/country-preview.js";
import { listenToButtons, listenToKeys, openHelp } from "./views/hands.js";
import { MapPanel } from "./views/map-panel.js";
import { Picture } from "./views/picture.js";
import { ResultCard } from "./views/result-card.js";
import { RatingLine } from "./views/rating-line.js";
import { SharePanel } from "./views/share-panel.js";
import { SummaryCard } from "./views/summary-card.js";

const CALM_MS = 250; // after a result appears, a key press meant for the guess must not skip it
const SLOW_MS = 2500;

class GamePage {
  #scene = "";
  #sceneSince = 0;
  #tab = "";
  /** @type {Place[]} what the view of a result holds */
  #fitted = [];
  #letMapDraw = () => {};

  /** @param {Boot} boot */
  constructor(boot) {
    this.urls = boot.urls;
    this.state = initial(boot.snapshot, pageReceivedAt());
    this.api = new Api(boot);
    this.chrome = new Chrome(() => this.#timeIsUp());
    const mapElement = byId("guess-map");
    const mapsTurn = /** @type {Promise<void>} */ (new Promise((open) => (this.#letMapDraw = open)));
    this.world = new World(takeMap(), { shapes: mapElement.dataset.shapes ?? "", cities: mapElement.dataset.cities ?? "" }, mapsTurn);
    this.world.ready.then(() => this.result.beliefs.list(), () => this.#mapFailed());
    this.pin = new GuessPin(this.world.map, (place) => this.#place(place));
    this.overlays = new Overlays(this.world.map);
    this.countries = new CountryPreview(this.world, (place) => this.api.country(place), (place, name) => this.#sayPin(place, name));
    this.panel = new MapPanel(mapElement);
    this.pictures = new Pictures();
    this.picture = new Picture(byId("picture"), this.pictures, (picture, progress) => this.dispatch({ type: "picture", picture, progress }));
    const local = (/** @type {string} */ url) => this.pictures.local(url);
    this.result = new ResultCard({
      onTab: (tab) => this.#showTab(tab),
      onHeat: (visible) => this.overlays.showHeat(visible),
      onAgain: () => this.layers.again(),
      describe: (place) => nearest(this.world.cities, place),
      local,
    });
    this.summary = new SummaryCard((number) => this.dispatch({ type: "replay", number }), local);
    this.share = new SharePanel(this.api);
    this.rating = new RatingLine(this.api);
    this.layers = new LayersFeed(this.api, (layers) => {
      this.result.showLayers(layers);
      this.overlays.setHeat(layers.probability);
    });
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
    const { round, next } = state.snapshot;
    this.chrome.render(state);
    this.countries.render(state);
    this.result.witness(round);
    this.pictures.fetchAhead(next);
    const isGuessing = state.phase === "guessing";
    if (!isGuessing || state.picture !== "loading") this.#letMapDraw(); // the picture comes first
    this.pin.show(isGuessing ? state.pin : null, isGuessing && state.sending === null && !state.timeUp);
    const scene = sceneOf(state);
    if (scene === this.#scene) {
      if (isGuessing) this.picture.show(round);
      return;
    }
    this.#scene = scene;
    this.#sceneSince = performance.now();
    this.#changeScene(state);
  }

  /** @param {State} state */
  #changeScene(state) {
    const { phase, snapshot } = state;
    const result = shownResult(state);
    byId("result-card").hidden = phase !== "result";
    byId("summary-card").hidden = phase !== "summary";
    this.layers.stop();
    if (phase === "result" && result) this.#showResult(snapshot, result);
    else if (phase === "summary") this.#showSummary(snapshot);
    else {
      this.overlays.clear();
      this.countries.clear();
      this.panel.reset();
      if (phase === "guessing" || phase === "preparing") this.world.showWorld();
      if (phase === "guessing") this.picture.show(snapshot.round);
      else this.picture.clear();
      if (phase === "stored") byId("curtain-title").focus({ preventScroll: true });
    }
  }

  /** @param {Snapshot} snapshot @param {ClosedRound} result */
  #showResult({ game }, result) {
    this.picture.clear();
    this.#fitted = this.overlays.showResult(result);
    if (countsCountries(game)) this.countries.showResult(result);
    else this.countries.clear();
    this.result.fill(game, result);
    const promised = result.model?.layers?.state ?? "none";
    if (result.model && promised !== "none") this.layers.watch(result.round);
    this.world.fit(this.#fitted, { ...besideCard("result-card"), maxZoom: 11 });
    byId("result-title").focus({ preventScroll: true });
  }

  /** The places that the model thought of are on the map while their list is read. @param {string} tab */
  #showTab(tab) {
    const wasThere = this.#tab === "beliefs";
    this.#tab = tab;
    this.overlays.showHeat(tab === "beliefs" && this.result.beliefs.wantsHeat);
    const thoughts = this.overlays.showThoughts(tab === "beliefs");
    const places = tab === "beliefs" ? [...this.#fitted, ...thoughts] : this.#fitted;
    if (tab === "beliefs" || wasThere) this.world.fit(places, { ...besideCard("result-card"), maxZoom: 11 });
  }

  /** @param {Snapshot} snapshot */
  #showSummary(snapshot) {
    this.picture.clear();
    this.countries.clear();
    this.summary.fill(snapshot);
    if (snapshot.game.mode !== "study") {
      this.share.fill(snapshot.game).then((share) => share && this.summary.showBest(share.best_streak));
      this.rating.fill();
    }
    this.world.fit(this.overlays.showSummary(snapshot.results), { ...besideCard("summary-card"), maxZoom: 9 });
    byId("summary-title").focus({ preventScroll: true });
  }

  // --- commands ------------------------------------------------------------------------------

  /** @param {Place} place */
  #place(place) {
    this.dispatch({ type: "pin", place });
    if (this.state.pin !== place) return;
    const exact = normalised(place);
    // Where the country counts, it is said by its name as soon as the server has told it.
    if (!countsCountries(this.state.snapshot.game)) this.#sayPin(exact, nearest(this.world.cities, exact));
  }

  /** @param {Place} place @param {string} name */
  #sayPin(place, name) {
    this.chrome.say(t("Pin set at {coordinates} {place}", { coordinates: coordinates(place), place: name }).trim());
  }

  guess() {
    const { pin, snapshot } = this.state;
    if (!canGuess(this.state) || !pin) return;
    this.#send("guess", () => this.api.guess(snapshot.round.id, normalised(pin)));
  }

  next() {
    const { phase, replay, sending, snapshot } = this.state;
    if ((phase !== "result" && phase !== "stored") || sending) return;
    if (phase === "stored" && snapshot.game.state === "finished") window.location.assign(this.urls.study ?? this.urls.home);
    else if (replay !== null || snapshot.game.state === "finished") this.dispatch({ type: "summary" });
    else this.#send("next", () => this.api.next(snapshot.round.id));
  }

  /** @param {number | null} number of a round of the finished game */
  replay(number) {
    if (number) this.dispatch({ type: "replay", number });
  }

  skip() {
    const { phase, picture, sending, snapshot } = this.state;
    if (phase !== "guessing" || picture !== "failed" || sending) return;
    this.#send("skip", () => this.api.skip(snapshot.round.id));
  }

  /** A pin that was set counts; without one, the server's verdict is 0 points. */
  #timeIsUp() {
    if (this.state.pin && this.state.problem?.code !== "at-sea") this.guess();
    this.dispatch({ type: "time-up" });
  }

  /** @param {Command} command @param {() => Promise<Snapshot>} call */
  async #send(command, call) {
    this.dispatch({ type: "sending", command });
    const slow = window.setTimeout(() => this.dispatch({ type: "slow" }), SLOW_MS);
    /** @type {Snapshot} */
    let snapshot;
    try {
      snapshot = await call();
    } catch (error) {
      return this.#recover(command, error);
    } finally {
      clearTimeout(slow);
    }
    this.dispatch({ type: "snapshot", snapshot, at_ms: performance.now() });
  }

  /** A conflict means that the server is ahead of this page: look at what is true now. @param {Command} command @param {unknown} error */
  async #recover(command, error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 409) {
      const snapshot = await this.api.snapshot().catch(() => null);
      if (snapshot) this.dispatch({ type: "snapshot", snapshot, at_ms: performance.now() });
      if (this.state.sending === null) return;
    }
    this.dispatch({ type: "failed", problem: problemOf(command, error) });
  }

  #mapFailed() {
    const message = t("The map could not be drawn. Your game is safe: reload the page.");
    this.dispatch({ type: "failed", problem: { code: "no-map", message, retry: null, fatal: false } });
  }

  // --- hands ---------------------------------------------------------------------------------

  #bind() {
    listenToButtons({
      "guess-button": () => this.guess(),
      "next-button": () => this.next(),
      "picture-retry": () => this.picture.retry(this.state.snapshot.round),
      "picture-skip": () => this.skip(),
      "message-close": () => this.dispatch({ type: "dismiss" }),
      "message-retry": () => this.#retry(),
      "help-button": openHelp,
      condition: openHelp,
    });
    listenToKeys(() => this.state, (wish, key) => this.#obey(wish, key));
    for (const name of ["online", "offline"]) {
      window.addEventListener(name, () => this.dispatch({ type: "online", online: navigator.onLine }));
    }
  }

  #retry() {
    const again = { guess: () => this.guess(), next: () => this.next(), skip: () => this.skip() };
    if (this.state.problem?.retry) again[this.state.problem.retry]();
  }

  /** @param {import("./core/keys.js").Intent} wish @param {string} key */
  #obey(wish, key) {
    const isPlaying = this.state.phase === "guessing";
    if (wish === "guess") this.guess();
    else if (wish === "next" && performance.now() - this.#sceneSince > CALM_MS) this.next();
    else if (wish === "to-summary") this.dispatch({ type: "summary" });
    else if (wish === "replay-previous") this.replay(besideReplay(this.state, -1));
    else if (wish === "replay-next") this.replay(besideReplay(this.state, 1));
    else if (wish === "toggle-map" && isPlaying) this.panel.toggle();
    else if (wish === "leave-map" && isPlaying) this.panel.leave();
    else if (wish === "pin-centre") this.pin.chooseCentre();
    else if (wish === "reset-view") this.picture.resetView();
    else if (wish === "turn") this.picture.hold(key);
    else if (wish === "help") openHelp();
  }
}

/** What is on show: when it changes, everything is laid out anew. @param {State} state */
function sceneOf({ phase, replay, snapshot: { round } }) {
  const about = replay !== null ? `replay ${replay}` : phase === "guessing" || phase === "stored" || phase === "result" ? round.id : "";
  return `${phase}:${about}`;
}

const boot = /** @type {Boot} */ (JSON.parse(byId("boot").textContent ?? ""));
const page = new GamePage(boot);
page.start();
page.replay(Number(new URLSearchParams(location.search).get("round")));
