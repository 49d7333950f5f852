/**
 * The card of a trip that is handed in: who won, the time slider, how much the album and second thoughts helped.
 *
 * @import { Result, Side, Snapshot, Told } from "./types.js"
 * @import { Photos } from "./photos.js"
 */
import { byId, h, prefersCalm, setText, show } from "../core/dom.js";
import { date, points } from "../core/format.js";
import { t } from "../core/i18n.js";
import { checkCommand, checkSeal } from "../core/seal.js";
import { distance } from "../core/units.js";
import { shapeElement } from "../map/pins.js";
import { albumHelpText, movesText, photoLabel, sideName, toldText, winnerText } from "./words.js";

const STEP_MS = 900;
const SIDES = /** @type {Side[]} */ (["person", "single", "album"]);
/** @type {Record<Side, "you" | "thought" | "model">} */
const SHAPES = { person: "you", single: "thought", album: "model" };

export class ResultCard {
  /** @type {Snapshot | null} */
  #snapshot = null;
  #index = 0;
  #timer = 0;

  /** @param {Photos} photos @param {(index: number, withSingle: boolean) => void} onShow */
  constructor(photos, onShow) {
    this.photos = photos;
    this.onShow = onShow;
    this.slider = /** @type {HTMLInputElement} */ (byId("trip-slider"));
    this.withSingle = /** @type {HTMLInputElement} */ (byId("trip-single"));
    this.slider.addEventListener("input", () => (this.#stop(), this.showPhoto(Number(this.slider.value) - 1)));
    this.withSingle.addEventListener("change", () => this.showPhoto(this.#index));
    byId("trip-play").addEventListener("click", () => (this.#timer ? this.#stop() : this.#play()));
    show(byId("trip-play"), !prefersCalm());
  }

  /** @returns {Result | null} */
  get result() {
    return this.#snapshot?.result ?? null;
  }

  /** @param {Snapshot} snapshot @param {ReadonlyMap<Side, string>} promised digests that this browser saw before */
  fill(snapshot, promised) {
    const { result } = snapshot;
    if (!result) return;
    this.#snapshot = snapshot;
    setText(byId("trip-title"), winnerText(result.winner));
    byId("trip-title").dataset.winner = result.winner === "you" ? "you" : result.winner === "single" || result.winner === "album" ? "model" : "";
    byId("trip-totals").replaceChildren(...SIDES.flatMap((side) => totalRow(result, side)));
    byId("trip-help").replaceChildren(...helpItems(snapshot, result));
    byId("trip-rows").replaceChildren(...result.photos.map((told, index) => this.#row(told, index, result.photos.length)));
    const hasModel = result.totals.album !== null;
    show(byId("trip-single-switch"), hasModel);
    show(byId("trip-seals"), hasModel);
    fillSeals(result, promised);
    this.slider.max = String(Math.max(1, result.photos.length));
    this.showPhoto(result.photos.length - 1);
  }

  /** @param {number} index in the list of photos that count */
  showPhoto(index) {
    const told = this.result?.photos[index];
    if (!told || !this.#snapshot) return;
    this.#index = index;
    const total = this.#snapshot.photos.length;
    this.slider.value = String(index + 1);
    this.slider.setAttribute("aria-valuetext", toldText(told, total));
    setText(byId("trip-at"), photoLabel(told.number, total));
    setText(byId("trip-place"), [told.place, told.taken_at && date(told.taken_at)].filter(Boolean).join(" · "));
    show(byId("trip-cueless"), told.cueless);
    byId("trip-answers").replaceChildren(...SIDES.flatMap((side) => answerItem(told, side)));
    const credit = this.#snapshot.drawn ? [] : [told.author, told.licence]; // of drawn ones a page tells
    setText(byId("trip-credit"), credit.filter(Boolean).join(" · "));
    this.#picture(told, total);
    this.onShow(index, this.withSingle.checked);
  }

  /** @param {Told} told @param {number} total */
  #picture(told, total) {
    const image = /** @type {HTMLImageElement} */ (byId("trip-picture"));
    const photo = this.#snapshot?.photos.find(({ number }) => number === told.number);
    image.alt = photoLabel(told.number, total);
    if (!photo) return;
    this.photos.local(photo).then(
      (url) => this.result?.photos[this.#index] === told && ((image.src = url), show(image, true)),
      () => show(image, false),
    );
  }

  /** @param {Told} told @param {number} index @param {number} total */
  #row(told, index, total) {
    const look = h("button", { type: "button", class: "trip-look" }, `${told.number}`, " ", h("span", { class: "trip-look-place" }, told.place ?? ""));
    look.setAttribute("aria-label", `${photoLabel(told.number, total)} ${told.place ?? ""}`.trim());
    look.addEventListener("click", () => (this.#stop(), this.showPhoto(index)));
    const cells = SIDES.map((side) => {
      const km = told.answers[side]?.distance_km;
      return h("td", { class: "number" }, km === undefined || km === null ? "–" : distance(km));
    });
    return h("tr", {}, h("th", { scope: "row" }, look), ...cells);
  }

  #play() {
    const count = this.result?.photos.length ?? 0;
    if (count < 2) return;
    if (this.#index >= count - 1) this.showPhoto(0);
    const step = () => {
      this.showPhoto(this.#index + 1);
      if (this.#index >= count - 1) this.#stop();
    };
    this.#timer = window.setInterval(step, STEP_MS);
    this.#renderPlay();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#renderPlay();
  }

  #renderPlay() {
    const text = this.#timer ? t("Stop") : t("Play the trip");
    byId("trip-play").setAttribute("aria-label", text);
    byId("trip-play").title = text;
    byId("trip-play").dataset.state = this.#timer ? "plays" : "rests";
  }
}

/** @param {Result} result @param {Side} side */
function totalRow(result, side) {
  const total = result.totals[side];
  if (!total) return [];
  const who = h("th", { scope: "row" }, shapeElement(SHAPES[side]), " ", sideName(side));
  return [h("tr", {}, who, h("td", { class: "number" }, points(total.points)), h("td", { class: "number" }, distance(total.median_km)))];
}

/** @param {Snapshot} snapshot @param {Result} result */
function helpItems(snapshot, result) {
  const isAverage = snapshot.model.sides.some(({ side, variant }) => side === "album" && variant === "avg");
  const texts = [movesText(result.help.you)];
  if (result.help.model) texts.unshift(albumHelpText(result.help.model, isAverage));
  if (result.times_seen > 0) texts.push(t("You had played this trip before, so it counts apart in reports."));
  return texts.map((text) => h("li", {}, text));
}

/** @param {Told} told @param {Side} side */
function answerItem(told, side) {
  const answer = told.answers[side];
  if (!answer || answer.distance_km === null) return [];
  const before = answer.first_distance_km;
  const km = before === null ? distance(answer.distance_km) : t("{now}, before {then}", { now: distance(answer.distance_km), then: distance(before) });
  return [h("dt", {}, shapeElement(SHAPES[side]), " ", sideName(side)), h("dd", { class: "number" }, km)];
}

/** @param {Result} result @param {ReadonlyMap<Side, string>} promised */
function fillSeals(result, promised) {
  byId("trip-seal-list").replaceChildren(
    ...result.seals.map((seal) => {
      const verdict = h("p", { class: "seal-verdict", role: "status" });
      checkSeal(seal, promised.get(seal.side) ?? null).then((matches) => setText(verdict, verdictText(matches, promised.has(seal.side))));
      return h(
        "section",
        { class: "trip-seal" },
        h("h3", { class: "panel-label" }, sideName(seal.side)),
        verdict,
        h("p", { class: "code" }, seal.digest),
        h("p", { class: "code trip-preimage", tabindex: "0" }, seal.preimage),
        h("p", { class: "panel-label" }, t("To check it elsewhere, in a shell")),
        h("p", { class: "code trip-preimage", tabindex: "0" }, checkCommand(seal.preimage)),
      );
    }),
  );
}

/** @param {boolean | null} matches @param {boolean} wasSeen */
function verdictText(matches, wasSeen) {
  if (matches === null) return t("This browser cannot check it over a plain connection. The command below can.");
  if (!matches) return t("Checked in this browser: it does not match. Please tell whoever runs this server.");
  return wasSeen ? t("Checked in this browser: text and digest match the one shown before the first photo.") : t("Checked in this browser: text and digest match.");
}
