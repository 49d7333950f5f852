/**
 * What will be played: a form for the host, for all others a list.
 *
 * @import { Choices, Settings, State } from "./types.js"
 */
import { byId, h, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { conditionName, words } from "../core/words.js";
import { roundsName, timeName } from "./words.js";

const FIELDS = /** @type {const} */ (["map", "condition", "time_limit_s", "rounds_total", "model"]);

export class SettingsPanel {
  #shown = "";

  /** @param {Choices} choices @param {(changes: Record<string, unknown>) => void} onChange */
  constructor(choices, onChange) {
    this.choices = choices;
    this.onChange = onChange;
    for (const name of FIELDS) this.#field(name).addEventListener("change", () => this.#changed(name));
  }

  /** @param {State} state */
  render({ phase, you, server: { room } }) {
    if (phase !== "lobby") return;
    const mayChange = you.is_host && !room.is_quick;
    show(byId("settings-form"), mayChange);
    show(byId("rounds-field"), room.kind !== "duel");
    show(byId("settings-list"), !mayChange);
    const shown = JSON.stringify([room.settings, mayChange]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (mayChange) this.#fill(room.settings, room.kind);
    else byId("settings-list").replaceChildren(...facts(room.settings, room.kind));
    setText(byId("settings-drawn"), room.settings.map.drawn ? words.drawn : "");
    show(byId("settings-drawn"), room.settings.map.drawn);
  }

  /** @param {Settings} settings @param {import("./types.js").Kind} kind */
  #fill(settings, kind) {
    const { maps, models, times, rounds } = this.choices;
    const limits = kind === "duel" ? [null, ...times] : times;
    const withNow = (/** @type {(number | null)[]} */ all, /** @type {number | null} */ now) => (all.includes(now) ? all : [...all, now].sort((a, b) => (a ?? 0) - (b ?? 0)));
    this.#options("map", maps.map(({ slug, name }) => [slug, name]), settings.map.slug);
    this.#options("condition", [["fair", conditionName("fair")], ["free", conditionName("free")]], settings.condition);
    this.#options("time_limit_s", withNow(limits, settings.time_limit_s).map((time) => [String(time ?? ""), timeName(time)]), String(settings.time_limit_s ?? ""));
    this.#options("rounds_total", withNow(rounds, settings.rounds_total).map((n) => [String(n), roundsName({ ...settings, rounds_total: n ?? 0 }, kind)]), String(settings.rounds_total));
    const opponents = models.map(({ digest, name }) => /** @type {[string, string]} */ ([digest, t("{name} (model)", { name })]));
    this.#options("model", kind === "crowd" ? opponents : [["", t("No model")], ...opponents], this.#modelValue(settings));
  }

  /** The digest may be cut short in the state. @param {Settings} settings */
  #modelValue({ model }) {
    return this.choices.models.find(({ digest }) => model && digest.startsWith(model.digest))?.digest ?? "";
  }

  /** @param {typeof FIELDS[number]} name @param {string[][]} options @param {string} value */
  #options(name, options, value) {
    const field = this.#field(name);
    if (field === document.activeElement && field.value === value) return;
    field.replaceChildren(...options.map(([id, text]) => h("option", { value: id, selected: id === value }, text)));
    field.value = value;
  }

  /** @param {typeof FIELDS[number]} name @returns {HTMLSelectElement} */
  #field(name) {
    return /** @type {HTMLSelectElement} */ (byId(`setting-${name}`));
  }

  /** @param {typeof FIELDS[number]} name */
  #changed(name) {
    const { value } = this.#field(name);
    const isNumber = name === "time_limit_s" || name === "rounds_total";
    this.onChange({ [name]: isNumber ? (value === "" ? null : Number(value)) : value === "" ? null : value });
  }
}

/** @param {Settings} settings @param {import("./types.js").Kind} kind */
function facts(settings, kind) {
  return [
    [t("Map"), settings.map.name],
    [t("View"), conditionName(settings.condition)],
    [t("Time for a round"), timeName(settings.time_limit_s)],
    [t("Rounds"), roundsName(settings, kind)],
    [t("Model"), settings.model ? `${settings.model.name} (${words.modelTag})` : t("No model")],
  ].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}
