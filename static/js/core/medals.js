/** Medals for the points of a game of five rounds, the same for every map. */
import { t } from "./i18n.js";

export const MOST_POINTS = 5000;
const ROUNDS = 5;

/** @typedef {"bronze" | "silver" | "gold" | "platinum"} Medal */

/** @type {{medal: Medal, least: number}[]} */
export const MEDALS = [
  { medal: "bronze", least: 15_000 },
  { medal: "silver", least: 20_000 },
  { medal: "gold", least: 24_000 },
  { medal: "platinum", least: 25_000 },
];

/** @param {number} rounds that counted @param {boolean} hasPoints false where countries are counted */
export function hasMedals(rounds, hasPoints) {
  return hasPoints && rounds === ROUNDS;
}

/** @param {number} points @returns {Medal | null} */
export function medalOf(points) {
  return MEDALS.findLast(({ least }) => points >= least)?.medal ?? null;
}

/** The next one, and what is missing. @param {number} points @returns {{medal: Medal, missing: number} | null} */
export function nextMedal(points) {
  const next = MEDALS.find(({ least }) => points < least);
  return next ? { medal: next.medal, missing: next.least - points } : null;
}

/** @param {Medal} medal */
export function medalName(medal) {
  return { bronze: t("Bronze"), silver: t("Silver"), gold: t("Gold"), platinum: t("Platinum") }[medal];
}
