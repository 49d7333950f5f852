/** Numbers as people read them. */

const THIN = "\u202f";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 7412 -> "7,412" @param {number} value */
export function points(value) {
  return whole.format(value);
}

/** Three significant digits, a thin space before the unit. @param {number | null} km */
export function distance(km) {
  if (km === null) return "no guess";
  if (km < 0.9995) return `${whole.format(Number((km * 1000).toPrecision(3)))}${THIN}m`;
  const digits = km < 9.995 ? 2 : km < 99.95 ? 1 : 0;
  const rounded = km < 999.5 ? km : Number(km.toPrecision(3));
  const text = new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text.format(rounded)}${THIN}km`;
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
  const north = `${Math.abs(lat).toFixed(2)}°${THIN}${lat < 0 ? "S" : "N"}`;
  const east = `${Math.abs(lng).toFixed(2)}°${THIN}${lng < 0 ? "W" : "E"}`;
  return `${north}, ${east}`;
}

/** "2014-06-03T10:00:00Z" -> "3 June 2014"; anything else as it is. @param {string} iso */
export function date(iso) {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso);
  if (!match) return iso;
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(day);
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
