/**
 * Before a match: who is here, who is ready, what will be played, and the way in for others.
 *
 * @import { Player, State } from "./types.js"
 */
import { byId, h, icon, isPhone, setText, show } from "../core/dom.js";
import { t, tn } from "../core/i18n.js";
import { copyButton } from "../views/copy.js";
import { whoIs } from "./marks.js";
import { isPending } from "./outbox.js";
import { contenders, isPlayer, you } from "./state.js";
import { kindName, nameOf, presence } from "./words.js";

const SURE_MS = 4000;

/** @typedef {{onReady: (ready: boolean) => void, onStart: () => void, onLeave: () => void, onKick: (id: string) => void}} Hooks */

export class Lobby {
  #drawn = "";
  /** Whose removal was asked for once. */
  #asked = "";
  #timer = 0;

  /** @param {Hooks} hooks @param {() => State} read */
  constructor(hooks, read) {
    this.hooks = hooks;
    this.read = read;
    byId("ready-button").addEventListener("click", () => this.#toggleReady());
    byId("start-button").addEventListener("click", () => mayStart(this.read()) && hooks.onStart());
    byId("leave-button").addEventListener("click", () => hooks.onLeave());
    // A room of the quick match invites nobody.
    const link = /** @type {HTMLInputElement | null} */ (document.getElementById("invite-link"));
    if (link) bindInvitation(link);
  }

  /** @param {State} state */
  render(state) {
    show(byId("lobby"), state.phase === "lobby");
    if (state.phase !== "lobby") return;
    setText(byId("lobby-title"), kindName(state.server.room.kind));
    this.#roster(state);
    this.#actions(state);
  }

  /** Drawn anew only when it differs: the focus stays where it is. @param {State} state */
  #roster(state) {
    const { players, room } = state.server;
    const here = players.filter(({ left }) => !left);
    const drawn = JSON.stringify([here, room.host, state.you, this.#asked]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.kick;
    const [playing, watching] = [here.filter(({ role }) => role === "player"), here.filter(({ role }) => role !== "player")];
    setText(byId("roster-title"), tn("{n} player", "{n} players", playing.filter(({ kind }) => kind !== "model").length));
    byId("roster").replaceChildren(...playing.map((player) => this.#row(state, player)));
    show(byId("watchers-part"), watching.length > 0);
    setText(byId("watchers-title"), tn("{n} spectator", "{n} spectators", watching.length));
    byId("watchers").replaceChildren(...watching.map((player) => this.#row(state, player)));
    if (focused) /** @type {HTMLElement | null} */ (document.querySelector(`[data-kick="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {State} state @param {Player} player */
  #row(state, player) {
    const isHost = player.id === state.server.room.host;
    const mayKick = state.you.is_host && player.kind !== "model" && player.id !== state.you.id;
    const condition = conditionOf(player, isHost);
    const isPlayer = player.role === "player";
    const isSaid = isPlayer || condition === "dropped";
    return h(
      "li",
      { class: "roster-row", "data-state": isSaid ? condition : "watching" },
      whoIs(state, player),
      isHost ? h("span", { class: "badge" }, icon("crown"), t("host")) : null,
      condition === "host" ? null : h("span", { class: "roster-state" }, ...(isSaid ? [icon(ICONS[condition]), presence(player)] : [icon("eye"), t("watches")])),
      mayKick ? this.#kick(player) : null,
    );
  }

  /** Two presses: the first one asks. @param {Player} player */
  #kick({ id }) {
    const name = nameOf(this.read(), id);
    const isSure = this.#asked === id;
    const label = isSure ? t("Remove {name} for good", { name }) : t("Remove {name}", { name });
    const content = isSure ? t("Remove?") : icon("user-x");
    const button = h("button", { class: isSure ? "button button-small button-danger" : "icon-button", type: "button", "aria-label": label, title: label, "data-kick": id }, content);
    button.addEventListener("click", () => (isSure ? this.#doKick(id) : this.#ask(id)));
    return button;
  }

  /** @param {string} id */
  #ask(id) {
    this.#asked = id;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#ask(""), SURE_MS);
    this.#roster(this.read());
  }

  /** @param {string} id */
  #doKick(id) {
    this.#ask("");
    clearTimeout(this.#timer);
    this.hooks.onKick(id);
  }

  /** @param {State} state */
  #actions(state) {
    const isReady = you(state)?.ready === true;
    const button = byId("ready-button");
    show(button, isPlayer(state) && !state.you.is_host); // who starts is ready
    button.setAttribute("aria-pressed", String(isReady));
    button.classList.toggle("button-primary", !isReady && !state.you.is_host);
    button.setAttribute("aria-disabled", String(isPending(state.outbox, "ready")));
    setText(byId("ready-text"), isReady ? t("Ready") : t("I am ready"));
    const start = byId("start-button");
    show(start, state.you.is_host);
    start.setAttribute("aria-disabled", String(!mayStart(state)));
    setText(byId("start-text"), isPending(state.outbox, "start") ? t("Starting…") : t("Start"));
    setText(byId("lobby-hint"), hint(state));
  }

  #toggleReady() {
    const state = this.read();
    if (!isPending(state.outbox, "ready")) this.hooks.onReady(!you(state)?.ready);
  }
}

/** @param {Player} player @param {boolean} isHost */
function conditionOf({ kind, left, connected, ready, role }, isHost) {
  if (left) return "left";
  if (kind === "model") return "ready";
  if (!connected) return "dropped";
  if (isHost && role === "player") return "host";
  return ready ? "ready" : "waiting";
}

const ICONS = { host: "crown", ready: "circle-check", waiting: "hourglass", dropped: "wifi-off", left: "log-out" };

/** @param {HTMLInputElement} link */
function bindInvitation(link) {
  copyButton(byId("copy-link"), () => link.value);
  link.addEventListener("focus", () => link.select());
  /** @type {HTMLDetailsElement} */ (byId("lobby-qr")).open = !isPhone();
  // The phone's own way to share, where there is one.
  const button = byId("share-link");
  show(button, "share" in navigator && window.matchMedia("(pointer: coarse)").matches);
  button.addEventListener("click", () => navigator.share({ url: link.value }).catch(() => undefined));
}

/** @param {State} state */
function people(state) {
  return contenders(state).filter(({ kind, left }) => kind !== "model" && !left);
}

/** How many people a match still lacks. @param {State} state */
function lacking(state) {
  const { kind, settings } = state.server.room;
  const needed = kind !== "crowd" && settings.model ? 1 : 2;
  return Math.max(0, needed - people(state).length);
}

/** People without the host who have not said that they are ready. @param {State} state */
function hesitant(state) {
  return people(state).filter(({ ready, id }) => !ready && id !== state.server.room.host).length;
}

/** In a duel both must be ready. @param {State} state */
function mayStart(state) {
  if (!state.you.is_host || isPending(state.outbox, "start") || lacking(state) > 0) return false;
  return state.server.room.kind !== "duel" || hesitant(state) === 0;
}

/** @param {State} state */
function hint(state) {
  if (!isPlayer(state)) return t("You watch. The match begins when the host starts it.");
  if (lacking(state) > 0) return t("Waiting for somebody to come: send them the link or the code.");
  const waiting = hesitant(state);
  if (state.you.is_host && waiting === 0) return t("Everybody is ready.");
  if (state.you.is_host && state.server.room.kind === "duel") return t("Waiting until the other player is ready.");
  if (state.you.is_host) return tn("{n} is not ready yet. You may start all the same.", "{n} are not ready yet. You may start all the same.", waiting);
  return you(state)?.ready ? t("The host starts the match.") : t("Say when you are ready.");
}
