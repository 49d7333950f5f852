/**
 * Sentences in the reader's language. The English text is the key, so that a missing translation still reads well.
 *
 * The page carries its catalogue as JSON in #catalogue: {"Round {n}": "Runde {n}", "{n} round": ["{n} Runde", "{n} Runden"]}.
 * A list holds the plural forms.
 *
 * @typedef {Record<string, string | string[]>} Catalogue
 * @typedef {Record<string, string | number>} Values
 */

/** In the order of gettext's forms. @type {Intl.LDMLPluralRule[]} */
const CATEGORIES = ["zero", "one", "two", "few", "many", "other"];

let language = "en";
/** @type {Catalogue} */
let messages = {};
let plurals = new Intl.PluralRules(language);

/** @param {string} tag such as "de" @param {Catalogue} catalogue */
export function speak(tag, catalogue) {
  language = tag;
  messages = catalogue;
  plurals = new Intl.PluralRules(tag);
}

export function currentLanguage() {
  return language;
}

/** @param {string} text in English, with {names} for values @param {Values} [values] */
export function t(text, values = {}) {
  const found = messages[text];
  return fill(typeof found === "string" && found ? found : text, values);
}

/** By number: {n} is written as the language writes numbers. @param {string} one @param {string} other @param {number} n @param {Values} [values] */
export function tn(one, other, n, values = {}) {
  const forms = messages[one];
  const text = Array.isArray(forms) ? forms[formOf(n, forms.length)] : "";
  const english = n === 1 ? one : other;
  return fill(text || english, { n: new Intl.NumberFormat(language).format(n), ...values });
}

/** @param {number} n @param {number} count of the forms */
function formOf(n, count) {
  const categories = new Set(plurals.resolvedOptions().pluralCategories);
  const at = CATEGORIES.filter((category) => categories.has(category)).indexOf(plurals.select(n));
  return Math.max(0, Math.min(count - 1, at));
}

/** Unknown names stay as they are, so that a mistake in a translation is seen. @param {string} text @param {Values} values */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** What the page says, if there is a page. */
function readPage() {
  if (typeof document === "undefined") return;
  const text = document.getElementById("catalogue")?.textContent;
  speak(document.documentElement.lang || "en", text ? JSON.parse(text) : {});
}

readPage();
