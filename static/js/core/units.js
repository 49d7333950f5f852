/**
 * Kilometres or miles, as the reader chose: three significant digits, a thin space before the unit.
 *
 * @typedef {"km" | "mi"} Units
 */
import { currentLanguage, t } from "./i18n.js";

const THIN = "\u202f";
const MILE_KM = 1.609344;
const FOOT_KM = 0.0003048;
const FEET_UP_TO_MI = 0.1895; // a thousand feet

/** The reader's choice, which the server writes on the page. @returns {Units} */
export function units() {
  return typeof document !== "undefined" && document.documentElement.dataset.units === "mi" ? "mi" : "km";
}

/** @param {number | null} km null: no guess was made @param {Units} [unit] */
export function distance(km, unit = units()) {
  if (km === null) return t("no guess");
  return unit === "mi" ? imperial(km) : metric(km);
}

/** @param {number} km */
function metric(km) {
  return km < 0.9995 ? `${digits(km * 1000, 0)}${THIN}m` : `${digits(km)}${THIN}km`;
}

/** @param {number} km */
function imperial(km) {
  const miles = km / MILE_KM;
  return miles < FEET_UP_TO_MI ? `${digits(km / FOOT_KM, 0)}${THIN}ft` : `${digits(miles)}${THIN}mi`;
}

/** 9.996 -> "10.0", 7743 -> "7,740" @param {number} value @param {number} [most] decimals at most */
function digits(value, most = 3) {
  const rounded = Number(value.toPrecision(3));
  const before = rounded < 1 ? 0 : Math.floor(Math.log10(rounded)) + 1;
  const decimals = rounded === 0 ? 0 : Math.min(most, Math.max(0, 3 - before));
  return new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(rounded);
}
