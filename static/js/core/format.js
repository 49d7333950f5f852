/** Numbers, dates and addresses as people read them. Distances: units.js. */
import { currentLanguage } from "./i18n.js";

const THIN = "\u202f";

/** 7412 -> "7,412" @param {number} value */
export function points(value) {
  return new Intl.NumberFormat(currentLanguage(), { maximumFractionDigits: 0 }).format(value);
}

/** 0.4231 -> "42 %" @param {number} share */
export function percent(share) {
  if (share > 0 && share < 0.005) return `<${THIN}1${THIN}%`;
  return `${Math.round(share * 100)}${THIN}%`;
}

/** "3fa9c1…" -> "#3fa9…" @param {string} digest */
export function shortDigest(digest) {
  return `#${digest.slice(0, 4)}…`;
}

/** "12.35° N, 4.50° W" @param {{lat: number, lng: number}} place */
export function coordinates({ lat, lng }) {
  const two = new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const north = `${two.format(Math.abs(lat))}°${THIN}${lat < 0 ? "S" : "N"}`;
  const east = `${two.format(Math.abs(lng))}°${THIN}${lng < 0 ? "W" : "E"}`;
  return `${north}, ${east}`;
}

/** 83.4 -> "1:23", 9.96 -> "10.0 s" @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) {
    const tenths = new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    return `${tenths.format(Math.min(59.9, seconds))}${THIN}s`;
  }
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "2014-06-03T10:00:00Z" -> "3 June 2014"; anything else as it is. @param {string} iso */
export function date(iso) {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso);
  if (!match) return iso;
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  const language = currentLanguage() === "en" ? "en-GB" : currentLanguage();
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(day);
}

/** "FR" -> "Frankreich" for a German reader; the name that came with it where the browser has none. @param {{code: string, name: string}} country */
export function countryName({ code, name }) {
  try {
    return new Intl.DisplayNames([currentLanguage()], { type: "region", fallback: "none" }).of(code) ?? name;
  } catch {
    return name;
  }
}

/** The address if the text is a web address, else null. @param {string} text */
export function webAddress(text) {
  if (!/^https?:\/\/\S+$/i.test(text)) return null;
  try {
    return new URL(text).href;
  } catch {
    return null;
  }
}
