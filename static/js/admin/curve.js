/**
 * The loss of each step, as far as the page knows it. Pure.
 *
 * @import { Curves, Epoch } from "./types.js"
 */

/** Above that many points, or epochs, the page asks for the whole curve again, thinned. */
export const MOST_POINTS = 6000;
export const MOST_EPOCHS = 2000;

/**
 * @typedef {object} Known
 * @property {string} run
 * @property {number[]} steps
 * @property {number[]} loss
 * @property {Epoch[]} epochs
 * @property {number} last
 */

/** @returns {Known} */
export function nothing() {
  return { run: "", steps: [], loss: [], epochs: [], last: 0 };
}

/**
 * What is known with what came, or null where all has to be asked for: steps are missing between the two, the run
 * is another one, which does some steps once more, or it has become too much to draw.
 * @param {Known} known @param {Curves} news @returns {Known | null}
 */
export function joined(known, news) {
  if (news.after === 0) return whole(news);
  if (news.run !== known.run || news.after > known.last) return null;
  const from = news.steps.findIndex((step) => step > known.last);
  const steps = from < 0 ? [] : news.steps.slice(from);
  const loss = from < 0 ? [] : news.loss.slice(from);
  const first = news.epochs[0]?.epoch ?? Infinity;
  const epochs = [...known.epochs.filter(({ epoch }) => epoch < first), ...news.epochs];
  if (known.steps.length + steps.length > MOST_POINTS || epochs.length > MOST_EPOCHS) return null;
  const last = Math.max(known.last, news.last_step);
  return { run: known.run, steps: [...known.steps, ...steps], loss: [...known.loss, ...loss], epochs, last };
}

/** @param {Curves} curves @returns {Known} */
export function whole(curves) {
  return { run: curves.run, steps: curves.steps, loss: curves.loss, epochs: curves.epochs, last: curves.last_step };
}

/** The part of an address that asks for what is not known yet. @param {Known} known */
export function question({ run, last, epochs }) {
  return `after=${last}&epoch=${epochs.at(-1)?.epoch ?? 0}&run=${encodeURIComponent(run)}`;
}

/**
 * The noise of single steps hides where the loss goes: a mean that forgets, the slower the longer the curve.
 * @param {number[]} values @returns {number[]}
 */
export function smoothed(values) {
  const keep = 1 - 1 / Math.max(1, Math.sqrt(values.length));
  let [mean, weight] = [0, 0];
  return values.map((value) => {
    mean = keep * mean + value;
    weight = keep * weight + 1;
    return mean / weight;
  });
}

/** At which step each epoch ended. @param {Known} known @returns {number[]} */
export function epochSteps({ epochs, last }) {
  return epochs.map(({ step, epoch }) => step ?? Math.round((epoch * last) / epochs.length));
}
