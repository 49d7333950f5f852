/**
 * Where news of a job come from: the socket, and while that is away questions every other second. Knows no elements.
 *
 * @import { Curves, JobState } from "./types.js"
 */
import { getJson } from "../net/json.js";
import { Socket, socketUrl } from "../net/socket.js";

const ASK_MS = 2000;

/**
 * @typedef {object} Listener
 * @property {(state: JobState) => void} onState
 * @property {(curves: Curves) => void} onCurves
 * @property {(connected: boolean) => void} onLink
 * @property {() => string} question that asks for what the page does not know of the curves
 * @property {() => boolean} mustAsk whatever the socket says
 * @property {() => boolean} isOver whether nothing changes any more by itself
 */

export class JobLink {
  #connected = false;

  /** @param {{base: string, socket: string}} addresses @param {Listener} listener */
  constructor(addresses, listener) {
    this.base = addresses.base;
    this.listener = listener;
    this.socket = new Socket(socketUrl(addresses.socket, location), {
      onFrame: (frame) => this.#take(frame),
      onChange: (connected) => {
        this.#connected = connected;
        listener.onLink(connected);
      },
    });
  }

  open() {
    this.socket.open();
    window.addEventListener("online", () => this.socket.hurry());
    window.setInterval(() => void this.#askMeanwhile(), ASK_MS);
    document.addEventListener("visibilitychange", () => document.hidden || void this.ask());
  }

  /** State and the newest part of the curve, now. */
  async ask() {
    const [state, curves] = await Promise.all([
      getJson(`${this.base}state/`),
      getJson(`${this.base}curves/?${this.listener.question()}`),
    ]);
    this.listener.onState(state);
    this.listener.onCurves(curves);
  }

  async #askMeanwhile() {
    // What becomes of a model is no news of its job: the socket does not tell it.
    if ((this.#connected && !this.listener.mustAsk()) || document.hidden || this.listener.isOver()) return;
    await this.ask().catch(() => null); // the next question comes soon
  }

  /** @param {any} frame */
  #take(frame) {
    if (frame.type === "job") this.listener.onState(frame.state);
    if (frame.type === "curve") this.listener.onCurves(frame);
  }
}
