/**
 * The players while a match runs, under the line at the top: who has locked in, who dropped; in a duel the health of both.
 *
 * @import { Player, State } from "./types.js"
 */
import { byId, h, icon, show } from "../core/dom.js";
import { points } from "../core/format.js";
import { t } from "../core/i18n.js";
import { lineOf, markOf, shapeFor, whoIs } from "./marks.js";
import { contenders } from "./state.js";
import { playerName } from "./words.js";

export const MOST_HEALTH = 6000;

export class Crew {
  #drawn = "";

  /** @param {State} state */
  render(state) {
    const isShown = state.phase === "guessing" || state.phase === "preparing";
    show(byId("crew"), isShown);
    if (!isShown) return;
    const { players, room, match } = state.server;
    const drawn = JSON.stringify([players, match?.phase, state.you.id]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const isDuel = room.kind === "duel";
    byId("crew").dataset.kind = isDuel ? "duel" : "many";
    byId("crew").replaceChildren(...inOrder(state).map((player) => (isDuel ? duellist(state, player) : chip(state, player))));
  }
}

/** You first. @param {State} state */
function inOrder(state) {
  return [...contenders(state)].sort((a, b) => Number(b.id === state.you.id) - Number(a.id === state.you.id));
}

/** @param {Player} player */
function condition({ kind, left, connected, locked }) {
  if (locked) return "locked";
  if (left) return "left";
  return kind !== "model" && !connected ? "dropped" : "looking";
}

const SAID = { locked: () => t("locked in"), left: () => t("gone"), dropped: () => t("connection lost"), looking: () => "" };
const ICONS = { locked: "lock", left: "log-out", dropped: "wifi-off", looking: "" };

/** @param {Player} player */
function badge(player) {
  const now = condition(player);
  const name = ICONS[now];
  return name ? h("span", { class: "crew-badge" }, icon(name), h("span", { class: "visually-hidden" }, SAID[now]())) : null;
}

/** @param {State} state @param {Player} player */
function chip(state, player) {
  const tag = player.kind === "model" ? t("model") : ""; // a bot says so in its name
  const name = playerName(state, player);
  return h(
    "li",
    { class: "crew-chip", "data-state": condition(player), title: tag ? `${name} (${tag})` : name },
    shapeFor(state, player.id),
    h("span", { class: "crew-name" }, name, tag ? h("small", {}, ` ${tag}`) : null),
    badge(player),
  );
}

/** @param {State} state @param {Player} player */
function duellist(state, player) {
  return h("li", { class: "duellist", "data-state": condition(player) }, whoIs(state, player), badge(player), healthBar(state, player.id, player.health ?? 0));
}

/**
 * What is left, and beside it what the round took.
 * @param {State} state @param {string} id @param {number} health @param {number} [damage]
 */
export function healthBar(state, id, health, damage = 0) {
  const track = h("span", { class: "bar-track health-track", "aria-hidden": "true" });
  if (damage > 0) track.append(bar("bar-damage", (health + damage) / MOST_HEALTH));
  track.append(bar(`bar-${lineOf(markOf(state, id))}`, health / MOST_HEALTH));
  return h("span", { class: "health" }, track, h("span", { class: "health-number" }, points(health), h("span", { class: "visually-hidden" }, ` ${t("health")}`)));
}

/** @param {string} name @param {number} share */
function bar(name, share) {
  const fill = h("span", { class: `bar ${name}` });
  fill.style.setProperty("--share", String(Math.max(0, Math.min(1, share))));
  return fill;
}
