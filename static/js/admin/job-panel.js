/**
 * The head of a job's page: how far it is, what it says, its buttons and its history.
 *
 * @import { JobState } from "./types.js"
 */
import { byId, h, icon, setText, show } from "../core/dom.js";
import { currentLanguage, t } from "../core/i18n.js";
import { buttonWord, leftWord, phaseWord, stateWord } from "./job-words.js";

const THIN = "\u202f";
const ICONS = /** @type {Record<string, string>} */ ({ stop: "square", resume: "play", clone: "copy", delete: "trash-2", activate: "plane-takeoff" });
const MOVING = ["preparing", "running", "stopping"];

/** @param {number} value at most so many digits */
function short(value) {
  return new Intl.NumberFormat(currentLanguage(), { maximumSignificantDigits: 3 }).format(value);
}

/** Whether the version is on its way into play. @param {JobState["model_version"]} model */
export function isOnItsWay(model) {
  return !model?.is_active && ["asked", "checking", "loading"].includes(model?.activation?.state ?? "");
}

/** @param {NonNullable<JobState["model_version"]>} model */
function playWord(model) {
  if (model.is_active) return t("plays against people now.");
  if (isOnItsWay(model)) return t("is being checked: it plays as soon as it has answered.");
  if (model.activation?.state === "failed") return t("was not put into play: {reason}", { reason: model.activation.message });
  return t("is in the registry, and not in play.");
}

export class JobPanel {
  #buttons = "";
  #changes = "";

  /** @param {HTMLElement} page @param {(name: string) => void} onPress */
  constructor(page, onPress) {
    this.mayStart = page.dataset.mayStart === "yes";
    this.mayActivate = page.dataset.mayActivate === "yes";
    this.models = page.dataset.models ?? "";
    this.onPress = onPress;
  }

  /** @param {JobState} state */
  show(state) {
    const badge = byId("state-badge");
    setText(badge, stateWord(state.state));
    badge.dataset.state = state.state;
    setText(byId("phase"), phaseWord(state.phase));
    this.#showFlight(state);
    this.#showWords(state);
    this.#showButtons(state);
    this.#showChanges(state);
  }

  /** A button that was pressed waits for its answer. @param {boolean} busy */
  busy(busy) {
    for (const button of byId("buttons").querySelectorAll("button")) button.disabled = busy;
  }

  /** @param {JobState} state */
  #showFlight({ state, share, epoch, epochs, images_per_second: speed, seconds_left: left }) {
    const bar = /** @type {HTMLProgressElement} */ (byId("progress"));
    bar.value = share;
    const track = byId("track");
    track.style.setProperty("--share", String(share));
    track.dataset.state = state;
    const [percent, tenth] = [share * 100, new Intl.NumberFormat(currentLanguage(), { maximumFractionDigits: share < 1 && share > 0 ? 1 : 0 })];
    setText(byId("gauge-share"), `${tenth.format(Math.floor(percent * 10) / 10)}${THIN}%`);
    setText(byId("gauge-epoch"), epoch ? t("{epoch} of {epochs}", { epoch, epochs: epochs ?? "?" }) : "–");
    const isMoving = MOVING.includes(state);
    setText(byId("gauge-speed"), isMoving && speed ? short(speed) : "–");
    setText(byId("gauge-left"), isMoving && left !== null && left !== undefined ? leftWord(left) : "–");
    document.title = document.title.replace(/^(\d+\u202f% · )?/, isMoving ? `${Math.floor(percent)}${THIN}% · ` : "");
  }

  /** @param {JobState} state */
  #showWords({ state, message, warnings = [], model_version: model }) {
    const note = byId("message");
    setText(note, message);
    note.classList.toggle("note-bad", state === "failed");
    show(note, message !== "" && (state !== "running" || !/^Epoch \d/.test(message)));
    const list = byId("warnings");
    list.replaceChildren(...warnings.map((warning) => h("li", {}, warning)));
    show(list, warnings.length > 0);
    const line = byId("model");
    show(line, model !== null);
    if (!model) return;
    const link = h("a", { href: `${this.models}${model.id}/change/` }, `${model.name} (${model.digest.slice(0, 8)})`);
    line.replaceChildren(icon("hexagon"), " ", link, " ", playWord(model));
    line.classList.toggle("note-bad", !model.is_active && model.activation?.state === "failed");
  }

  /** Made anew only when they differ, so that the focus stays. @param {JobState} state */
  #showButtons({ buttons, state, model_version: model }) {
    const shown = buttons.filter((name) => (name === "activate" ? this.mayActivate && !isOnItsWay(model) : this.mayStart));
    const text = shown.join();
    if (text === this.#buttons) return;
    this.#buttons = text;
    const held = /** @type {HTMLElement | null} */ (document.activeElement?.closest("#buttons button"))?.dataset.name;
    byId("buttons").replaceChildren(...shown.map((name) => this.#button(name, state)));
    if (!held) return;
    const again = byId("buttons").querySelector(`[data-name="${held}"]`) ?? byId("buttons").querySelector("button");
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {string} name @param {string} state */
  #button(name, state) {
    const main = name === "activate" || name === "resume" || (name === "stop" && state !== "stopping");
    const look = name === "delete" ? "button button-danger" : main ? "button button-primary" : "button";
    const button = h("button", { type: "button", class: look, "data-name": name }, icon(ICONS[name] ?? "x"), buttonWord(name));
    button.addEventListener("click", () => this.onPress(name));
    return /** @type {HTMLButtonElement} */ (button);
  }

  /** @param {JobState} state */
  #showChanges({ changes }) {
    const text = JSON.stringify(changes);
    if (text === this.#changes) return;
    this.#changes = text;
    const clock = new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "medium" });
    const items = [...changes].reverse().map(({ at, by, after, reason }) =>
      h(
        "li",
        {},
        h("time", { datetime: at }, clock.format(new Date(at))),
        h("span", { class: "badge", "data-state": after }, stateWord(after)),
        h("span", { class: "soft" }, [by ? t("by {name}", { name: by }) : "", reason].filter(Boolean).join(" · ")),
      ),
    );
    byId("changes").replaceChildren(...items);
  }
}

