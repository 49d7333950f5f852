/**
 * Sentences of album rounds. Pure.
 *
 * @import { Help, Photo, Result, Side, Snapshot, Told } from "./types.js"
 */
import { points } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { distance } from "../core/units.js";
import { needsPin } from "./state.js";

/** @param {number} number @param {number} total */
export function photoLabel(number, total) {
  return t("Photo {number} of {total}", { number, total });
}

/** How long after the photo before. @param {number | null} hours */
export function gapText(hours) {
  if (hours === null) return "";
  if (hours < 1 / 60) return t("at the same time");
  if (hours < 0.995) return tn("{n} minute later", "{n} minutes later", Math.round(hours * 60));
  if (hours < 47.5) return tn("{n} hour later", "{n} hours later", Math.round(hours));
  return tn("{n} day later", "{n} days later", Math.round(hours / 24));
}

/** @param {Photo} photo @param {number} total */
export function stripLabel(photo, total) {
  const label = photoLabel(photo.number, total);
  if (!photo.shown) return t("{photo}, not shown yet", { photo: label });
  if (photo.gone) return t("{photo}, withdrawn", { photo: label });
  return needsPin(photo) ? t("{photo}, no pin yet", { photo: label }) : t("{photo}, pin set", { photo: label });
}

/** @param {Snapshot["model"]} model */
export function modelText({ state, reason, sides }) {
  if (state === "thinking") return t("PlaNet, a model, looks at the whole trip first.");
  if (state === "absent") return reason ?? t("No model plays this trip: you play alone.");
  const digests = sides.map(({ digest }) => `#${digest.slice(0, 4)}…`).join(" ");
  return t("Model: both answers sealed {digests}", { digests });
}

/** @param {Side} side */
export function sideName(side) {
  if (side === "person") return t("You");
  return side === "single" ? t("PlaNet, photo by photo") : t("PlaNet, with the album");
}

/** @param {Result["winner"]} winner */
export function winnerText(winner) {
  switch (winner) {
    case "you":
      return t("You win this trip");
    case "single":
      return t("PlaNet wins, photo by photo");
    case "album":
      return t("PlaNet wins, with the album");
    case "tie":
      return t("A tie");
    default:
      return t("Nothing counts in this trip");
  }
}

/** How much the album helped the model. @param {Help} help @param {boolean} isAverage */
export function albumHelpText(help, isAverage) {
  const values = {
    nearer: help.nearer,
    farther: help.farther,
    photos: help.photos,
    before: distance(help.median_before_km),
    after: distance(help.median_after_km),
    difference: signed(help.points_after - help.points_before),
  };
  const text = t(
    "The album brought PlaNet {difference} points: {nearer} of {photos} photos nearer, {farther} farther; its median error went from {before} to {after}.",
    values,
  );
  return isAverage ? [text, t("Here the album model is the plain average over all photos: it answers one place for the whole trip.")].join(" ") : text;
}

/** How the person's moves of earlier pins helped. @param {Help | null} help */
export function movesText(help) {
  if (!help) return t("You moved no earlier pin.");
  const moved = tn("You moved {n} earlier pin", "You moved {n} earlier pins", help.photos);
  return t("{moved}: {nearer} nearer, {farther} farther, which brought you {difference} points.", {
    moved,
    nearer: help.nearer,
    farther: help.farther,
    difference: signed(help.points_after - help.points_before),
  });
}

/** +120, −40, ±0 @param {number} value */
function signed(value) {
  const sign = value > 0 ? "+" : value < 0 ? "−" : "±";
  return `${sign}${points(Math.abs(value))}`;
}

/** What a listener hears of one photo of the result. @param {Told} told @param {number} total */
export function toldText(told, total) {
  const parts = [photoLabel(told.number, total)];
  if (told.place) parts.push(told.place);
  for (const side of /** @type {Side[]} */ (["person", "single", "album"])) {
    const answer = told.answers[side];
    if (answer && answer.distance_km !== null) parts.push(`${sideName(side)} ${distance(answer.distance_km)}`);
  }
  return parts.join(", ");
}
