/** What planet_core.plan says of a job that is not made yet. */
import { h } from "../core/dom.js";
import { points as whole } from "../core/format.js";
import { currentLanguage, t } from "../core/i18n.js";
import { leftWord } from "./job-words.js";

const THIN = "\u202f";

/**
 * @typedef {object} Plan
 * @property {number} photos
 * @property {number} photos_training
 * @property {number} [albums] of a job of albums, as are the next two
 * @property {number} [albums_validation]
 * @property {number} [photos_to_embed]
 * @property {number} photos_validation
 * @property {number} photos_outside_cells
 * @property {number} cells
 * @property {number} empty_cells
 * @property {{count: number, first: string[]}} missing_files
 * @property {number} steps
 * @property {number} steps_per_epoch
 * @property {Record<string, number>} memory_bytes
 * @property {number | null} memory_available_bytes
 * @property {number} disk_bytes
 * @property {number | null} disk_available_bytes
 * @property {number | null} seconds as the last job like it took for as many photos
 * @property {{code: string, severity: string, message: string}[]} problems
 */

/** 3400000000 -> "3.4 GB" @param {number} bytes */
export function bytesWord(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const number = new Intl.NumberFormat(currentLanguage(), { maximumSignificantDigits: 3 }).format(bytes / 1000 ** power);
  return `${number}${THIN}${units[power]}`;
}

/** @param {HTMLElement} frame @param {Plan} plan */
export function showEstimate(frame, plan) {
  const of = (/** @type {number} */ needed, /** @type {number | null} */ free) =>
    free === null ? bytesWord(needed) : t("{needed} of {free} free", { needed: bytesWord(needed), free: bytesWord(free) });
  const albums =
    plan.albums === undefined
      ? []
      : [
          [t("Albums to learn from"), whole(plan.albums)],
          [t("Albums held out"), whole(plan.albums_validation ?? 0)],
          [t("Photos to look at first"), whole(plan.photos_to_embed ?? 0)],
        ];
  const rows = [
    ...albums,
    [t("Photos to learn from"), whole(plan.photos_training)],
    [t("Photos held out"), whole(plan.photos_validation)],
    [t("Photos outside all cells"), whole(plan.photos_outside_cells)],
    [t("Cells"), whole(plan.cells)],
    [t("Cells without a photo to learn from"), whole(plan.empty_cells)],
    [t("Steps"), t("{steps}, {each} an epoch", { steps: whole(plan.steps), each: whole(plan.steps_per_epoch) })],
    [t("Time"), plan.seconds === null ? t("unknown: no job like it has trained here") : t("{time}, at the pace of the last job like it", { time: leftWord(plan.seconds) })],
    [t("Memory"), of(plan.memory_bytes.total, plan.memory_available_bytes)],
    [t("Disk"), of(plan.disk_bytes, plan.disk_available_bytes)],
  ];
  const list = h("dl", { class: "value-list" }, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  const problems = plan.problems.map(({ severity, message }) => h("p", { class: `note ${severity === "error" ? "note-bad" : "note-warn"}` }, message));
  if (plan.problems.length === 0) problems.push(h("p", { class: "note note-good" }, t("Nothing speaks against it.")));
  frame.replaceChildren(...problems, list);
}

/** @param {HTMLElement} frame @param {{message: string, fields?: Record<string, string[]>}} error */
export function showProblem(frame, { message, fields = {} }) {
  const lines = Object.entries(fields).map(([name, errors]) => {
    const label = document.querySelector(`[data-field="${CSS.escape(name)}"] label`)?.textContent ?? "";
    return h("li", {}, [label, errors.join(" ")].filter(Boolean).join(": "));
  });
  frame.replaceChildren(h("div", { class: "note note-bad" }, message, h("ul", {}, ...lines)));
}
