/**
 * The page of an album round: one snapshot, one photo on show, and the wires to server, keys and map.
 *
 * @import { Place } from "./types.js"
 * @import { Boot, Photo, Side, Snapshot } from "./albums/types.js"
 */
import { Outbox } from "./albums/outbox.js";
import { Paths } from "./albums/paths.js";
import { Photos } from "./albums/photos.js";
import { ResultCard } from "./albums/result-card.js";
import { isComplete, lastShown, neighbour, phaseOf, startAt, stepAt, withPin } from "./albums/state.js";
import { Strip } from "./albums/strip.js";
import { gapText, modelText, photoLabel, winnerText } from "./albums/words.js";
import { byId, setText, show } from "./core/dom.js";
import { coordinates } from "./core/format.js";
import { normalised } from "./core/geo.js";
import { t } from "./core/i18n.js";
import { nearest } from "./map/gazetteer.js";
import { GuessPin } from "./map/guess-pin.js";
import { besideCard } from "./map/padding.js";
import { takeMap, World } from "./map/world.js";
import { ApiError } from "./net/json.js";
import { listenToButtons, listenToKeys, openHelp } from "./views/hands.js";
import { MapPanel } from "./views/map-panel.js";

const LOOK_MS = 700;

class AlbumPage {
  #phase = "";
  #pictured = 0;
  #announced = 0;
  /** @type {boolean | null} */
  #fitted = null;
  #spoken = "";
  /** Digests that were shown before the first photo. @type {Map<Side, string>} */
  #promised = new Map();

  /** @param {Boot} boot */
  constructor(boot) {
    this.urls = boot.urls;
    this.snapshot = boot.snapshot;
    this.at = startAt(boot.snapshot.photos);
    this.isBusy = false;
    const mapElement = byId("guess-map");
    this.world = new World(takeMap(), { shapes: mapElement.dataset.shapes ?? "", cities: mapElement.dataset.cities ?? "" });
    this.world.ready.catch(() => this.#say(t("The map cannot be loaded. Check your connection, then load the page again.")));
    this.pin = new GuessPin(this.world.map, (place) => this.#place(place));
    this.paths = new Paths(this.world.map);
    this.panel = new MapPanel(mapElement);
    this.photos = new Photos();
    this.outbox = new Outbox(boot, (snapshot) => this.#take(snapshot), (error) => this.#trouble(error));
    this.strip = new Strip(this.photos, (number) => this.#goTo(number));
    this.card = new ResultCard(this.photos, (index, withSingle) => this.#showWays(index, withSingle));
    this.#bind();
  }

  start() {
    this.#render();
    if (this.snapshot.state === "preparing") this.#waitForModels();
  }

  #bind() {
    listenToButtons({
      "guess-button": () => this.#step(),
      "hand-in-button": () => this.#askToHandIn(),
      "hand-in-yes": () => this.#handIn(),
      "help-button": openHelp,
      "photo-retry": () => ((this.#pictured = 0), this.#showPhoto()),
      "message-close": () => show(byId("message"), false),
      "message-retry": () => (show(byId("message"), false), this.outbox.flush().then((sent) => sent && this.outbox.look())),
    });
    listenToKeys(
      () => ({ phase: this.#phase, replay: null }),
      (wish, key) => {
        if (wish === "guess") this.#step();
        else if (wish === "pin-centre") this.pin.chooseCentre();
        else if (wish === "toggle-map") this.panel.toggle();
        else if (wish === "leave-map") this.panel.leave();
        else if (wish === "help") openHelp();
        else if (wish === "turn" && (key === "ArrowLeft" || key === "ArrowRight")) this.#turn(key === "ArrowLeft" ? -1 : 1);
      },
    );
  }

  // --- what comes from the server ------------------------------------------------------------

  async #waitForModels() {
    while (this.snapshot.state === "preparing") {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      await this.outbox.look();
    }
  }

  /** @param {Snapshot} snapshot */
  #take(snapshot) {
    const before = lastShown(this.snapshot.photos);
    for (const [number, place] of this.outbox.pins) snapshot = withPin(snapshot, number, place);
    this.snapshot = snapshot;
    const last = lastShown(snapshot.photos);
    if (last > before) {
      this.at = last;
      this.panel.reset(); // a new photo comes before the map
    }
    this.#render();
  }

  /** @param {unknown} error */
  #trouble(error) {
    if (!(error instanceof ApiError)) throw error;
    this.isBusy = false;
    if (error.fatal) {
      setText(byId("error-text"), error.message);
      show(byId("error-card"), true);
      this.#phase = document.body.dataset.phase = "error";
      return;
    }
    setText(byId("message-text"), error.message);
    show(byId("message"), true);
    show(byId("message-retry"), error.status !== 409);
    if (error.status === 409 || error.status === 400) this.outbox.forget();
    else this.#render();
  }

  // --- what the player does ------------------------------------------------------------------

  /** @param {Place} place */
  #place(place) {
    const pin = normalised(place);
    this.snapshot = withPin(this.snapshot, this.at, pin);
    this.outbox.pin(this.at, pin);
    this.#render();
    const near = nearest(this.world.cities, pin);
    const where = near ? `${coordinates(pin)}, ${near}` : coordinates(pin);
    this.#say(t("Your pin is at {place}.", { place: where }));
  }

  /** @param {number} number */
  #goTo(number) {
    this.at = number;
    this.panel.reset();
    this.#render();
  }

  /** @param {1 | -1} direction */
  #turn(direction) {
    const number = neighbour(this.snapshot.photos, this.at, direction);
    if (number !== null) this.#goTo(number);
  }

  async #step() {
    if (this.isBusy || this.#phase !== "guessing") return;
    const step = stepAt(this.snapshot.photos, this.at);
    if (step === "pin") this.panel.enter();
    else if (step === "forward") this.#turn(1);
    else if (step === "hand-in") this.#askToHandIn();
    else await this.#busily(() => this.outbox.next(this.at));
  }

  #askToHandIn() {
    /** @type {HTMLDialogElement} */ (byId("hand-in")).showModal();
  }

  async #handIn() {
    await this.#busily(() => this.outbox.handIn());
  }

  /** @param {() => Promise<unknown>} act */
  async #busily(act) {
    this.isBusy = true;
    this.#render();
    await act();
    this.isBusy = false;
    this.#render();
  }

  // --- drawing -------------------------------------------------------------------------------

  #render() {
    if (this.#phase === "error") return;
    const phase = phaseOf(this.snapshot);
    this.#witness();
    this.#renderModel();
    if (phase !== this.#phase) this.#change(phase);
    if (phase === "guessing") this.#renderPhoto();
  }

  /** Remember what was promised. */
  #witness() {
    if (this.snapshot.state !== "open") return;
    for (const { side, digest } of this.snapshot.model.sides) this.#promised.set(side, digest);
  }

  #renderModel() {
    const { model, state } = this.snapshot;
    const text = modelText(model);
    byId("model-seal").dataset.state = model.state;
    byId("model-seal").title = model.sides.map(({ model: name, digest }) => `${name}: ${digest}`).join("\n");
    setText(byId("model-seal-text"), text);
    show(byId("model-seal"), state === "open");
    byId("curtain").dataset.model = model.state;
    setText(byId("curtain-hint"), state === "preparing" ? text : "");
  }

  /** @param {"preparing" | "guessing" | "result"} phase */
  #change(phase) {
    this.#phase = document.body.dataset.phase = phase;
    show(byId("curtain"), phase !== "result");
    show(byId("trip-card"), phase === "result");
    show(byId("strip"), phase === "guessing");
    this.pin.show(null, false);
    if (phase === "guessing") this.world.showWorld();
    if (phase === "result") this.#showResult();
  }

  #renderPhoto() {
    const { photos } = this.snapshot;
    const photo = photos.find(({ number }) => number === this.at);
    if (!photo) return;
    setText(byId("round-label"), photoLabel(photo.number, photos.length));
    setText(byId("gap"), gapText(photo.gap_h));
    this.strip.render(photos, this.at);
    this.#showPhoto();
    this.pin.show(photo.pin, !this.isBusy && !photo.gone);
    this.#renderStep();
    this.#announce(photo);
  }

  /** Once a photo: what was said of a pin is not talked over. @param {Photo} photo */
  #announce({ number, gap_h }) {
    if (this.#announced === number) return;
    this.#announced = number;
    this.#say([photoLabel(number, this.snapshot.photos.length), gapText(gap_h)].filter(Boolean).join(". "));
  }

  #renderStep() {
    const { photos } = this.snapshot;
    const step = stepAt(photos, this.at);
    const button = byId("guess-button");
    const text = { pin: t("Place your pin"), forward: t("Next photo"), next: t("Next photo"), "hand-in": t("Hand in the trip") }[step];
    button.setAttribute("aria-disabled", String(step === "pin" || this.isBusy));
    button.dataset.step = step;
    setText(byId("guess-text"), this.isBusy ? t("Sending…") : text);
    show(byId("guess-key"), step !== "pin" && !this.isBusy);
    show(byId("hand-in-button"), isComplete(photos) && step !== "hand-in");
  }

  async #showPhoto() {
    if (this.#pictured === this.at) return;
    const { photos } = this.snapshot;
    const photo = photos.find(({ number }) => number === this.at);
    if (!photo) return;
    this.#pictured = this.at;
    const image = /** @type {HTMLImageElement} */ (byId("photo"));
    const set = (/** @type {string} */ title, /** @type {boolean} */ failed) => {
      setText(byId("curtain-title"), title);
      show(byId("curtain"), title !== "");
      show(byId("photo-trouble"), failed);
    };
    image.alt = photoLabel(photo.number, photos.length);
    if (photo.gone) return void (show(image, false), set(t("This photo has been withdrawn: it counts for nobody."), false));
    try {
      const url = await this.photos.local(photo);
      if (this.#pictured !== photo.number) return;
      image.src = url;
      show(image, true);
      set("", false);
    } catch {
      if (this.#pictured === photo.number) (show(image, false), set(t("The picture cannot be loaded."), true));
    }
  }

  #showResult() {
    const { result } = this.snapshot;
    if (!result) return;
    setText(byId("round-label"), t("Your trip"));
    setText(byId("gap"), "");
    this.card.fill(this.snapshot, this.#promised);
    byId("trip-title").focus({ preventScroll: true });
    this.#say(winnerText(result.winner));
  }

  /** Seen whole: once, and anew when PlaNet's way without the album comes or goes. @param {number} index @param {boolean} withSingle */
  #showWays(index, withSingle) {
    const { result } = this.snapshot;
    if (!result) return;
    this.paths.show(result, index, withSingle);
    if (this.#fitted === withSingle) return;
    this.#fitted = withSingle;
    this.world.fit(this.paths.placesOf(result, withSingle), { ...besideCard("trip-card"), maxZoom: 9 });
  }

  /** @param {string} text */
  #say(text) {
    if (text === this.#spoken) return;
    this.#spoken = text;
    setText(byId("voice"), text);
  }
}

const boot = JSON.parse(byId("boot").textContent ?? "");
new AlbumPage(boot).start();
