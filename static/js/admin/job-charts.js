/**
 * The two charts of a job: loss of the steps and epochs, accuracy at the five scales.
 *
 * @import { Epoch } from "./types.js"
 * @import { Known } from "./curve.js"
 */
import { byId, h, setText, show } from "../core/dom.js";
import { points as whole } from "../core/format.js";
import { currentLanguage, t } from "../core/i18n.js";
import { distance } from "../core/units.js";
import { Chart } from "./charts.js";
import { epochSteps, smoothed } from "./curve.js";

const THIN = "\u202f";
const SCALES = ["1", "25", "200", "750", "2500"];
/** @type {Chart | null} */
let loss = null;
/** @type {Chart | null} */
let accuracy = null;

/** @param {number} value */
function number(value) {
  return new Intl.NumberFormat(currentLanguage(), { maximumSignificantDigits: 3 }).format(value);
}

/** @param {number} share */
function percent(share) {
  return `${new Intl.NumberFormat(currentLanguage(), { maximumFractionDigits: 1 }).format(share * 100)}${THIN}%`;
}

/** @param {Known} known */
export function showLoss(known) {
  show(byId("loss-chart"), known.steps.length > 0);
  if (known.steps.length === 0) return;
  loss ??= new Chart(byId("loss-chart"), {
    x: t("step"),
    format: number,
    lines: [
      { label: t("each step"), colour: "line-strong", width: 1 },
      { label: t("training"), colour: "ink", named: true },
      { label: t("held out"), colour: "model-bar", named: true, points: true },
    ],
  });
  const ends = epochSteps(known);
  const x = [...new Set([...known.steps, ...ends])].sort((a, b) => a - b);
  const each = onto(x, known.steps, known.loss);
  const mean = onto(x, known.steps, smoothed(known.loss));
  const held = onto(x, ends, known.epochs.map(({ validation_loss: value }) => value));
  loss.show([x, each, mean, held]);
  const [last, epoch] = [known.loss.at(-1), known.epochs.findLast(({ validation_loss: value }) => value !== null)];
  const words = [t("{n} steps, the last with a loss of {loss}.", { n: whole(known.last), loss: number(last ?? 0) })];
  if (epoch?.validation_loss) words.push(t("Held out: {loss} after epoch {epoch}.", { loss: number(epoch.validation_loss), epoch: epoch.epoch }));
  setText(byId("loss-words"), words.join(" "));
}

/** @param {number[]} x @param {number[]} steps @param {(number | null)[]} values */
function onto(x, steps, values) {
  const at = new Map(steps.map((step, index) => [step, values[index]]));
  return x.map((step) => at.get(step) ?? null);
}

/** @param {Epoch[]} epochs */
export function showAccuracy(epochs) {
  const measured = epochs.filter(({ accuracy_at_km: found }) => found && Object.keys(found).length > 0);
  show(byId("accuracy-empty"), measured.length === 0);
  show(byId("accuracy-chart"), measured.length > 0);
  show(byId("accuracy-table-frame"), measured.length > 0);
  if (measured.length === 0) return;
  const labels = [t("street"), t("city"), t("region"), t("country"), t("continent")];
  accuracy ??= new Chart(byId("accuracy-chart"), {
    x: t("epoch"),
    format: percent,
    range: [0, 1],
    lines: labels.map((label, index) => ({ label, colour: `scale-${index + 1}`, named: true, points: true })),
  });
  accuracy.show([measured.map(({ epoch }) => epoch), ...SCALES.map((km) => measured.map((epoch) => epoch.accuracy_at_km[km] ?? null))]);
  const best = measured.findLast(({ best: isBest }) => isBest);
  const last = measured[measured.length - 1];
  const rows = [row(t("last"), last), ...(best && best !== last ? [row(t("best"), best)] : [])];
  byId("accuracy-table").querySelector("tbody")?.replaceChildren(...rows);
}

/** @param {string} label @param {Epoch} epoch */
function row(label, { epoch, accuracy_at_km: found, median_km: median }) {
  const title = h("th", { scope: "row" }, label, h("small", {}, t("epoch {epoch}", { epoch })));
  const cells = SCALES.map((km) => h("td", {}, found[km] === undefined ? "–" : percent(found[km])));
  return h("tr", {}, title, ...cells, h("td", {}, median === null ? "–" : distance(median)));
}
