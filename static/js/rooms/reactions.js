/**
 * Six reactions, no chat: buttons to send them, and for a moment whose came.
 *
 * @import { State } from "./types.js"
 */
import { byId, h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { shapeFor } from "./marks.js";
import { nameOf, REACTIONS, reactionName } from "./words.js";

const SHOWN_MS = 3500;
const PAUSE_MS = 1200;
const MOST = 4;

export class Reactions {
  /** @type {Map<string, number>} */
  #seen = new Map();
  #last = -Infinity;

  /** @param {(reaction: string) => void} onReact */
  constructor(onReact) {
    this.onReact = onReact;
    this.feed = byId("reaction-feed");
    for (const box of document.querySelectorAll(".reactions")) box.append(...Object.keys(REACTIONS).map((name) => this.#button(name)));
  }

  /** @param {State} state */
  render(state) {
    for (const [id, { reaction, number }] of Object.entries(state.reactions)) {
      if (this.#seen.get(id) === number) continue;
      this.#seen.set(id, number);
      this.#show(state, id, reaction);
    }
  }

  /** @param {string} name */
  #button(name) {
    const label = reactionName(name);
    const button = h("button", { class: "icon-button reaction", type: "button", "aria-label": label, title: label, "data-reaction": name }, icon(REACTIONS[name]));
    button.addEventListener("click", () => this.#send(name));
    return button;
  }

  /** @param {string} name */
  #send(name) {
    const now = performance.now();
    if (now - this.#last < PAUSE_MS) return;
    this.#last = now;
    this.onReact(name);
  }

  /** @param {State} state @param {string} id @param {string} reaction */
  #show(state, id, reaction) {
    if (!REACTIONS[reaction]) return;
    const said = t("{name}: {reaction}", { name: nameOf(state, id), reaction: reactionName(reaction) });
    const line = h("li", { class: "reaction-line", title: said }, shapeFor(state, id), h("span", {}, nameOf(state, id)), icon(REACTIONS[reaction]), h("span", { class: "visually-hidden" }, reactionName(reaction)));
    this.feed.append(line);
    while (this.feed.children.length > MOST) this.feed.firstElementChild?.remove();
    window.setTimeout(() => line.remove(), SHOWN_MS);
  }
}
