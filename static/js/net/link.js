/**
 * Keeps the page in step with the server: frames from the socket, a snapshot after a gap, and polling while a
 * round is prepared and the socket cannot be had, and once the time of a round is up.
 *
 * @import { Action } from "../core/state.js"
 * @import { State } from "../types.js"
 * @import { Api } from "./api.js"
 */
import { isVerdictDue } from "../core/timer.js";
import { Socket, socketUrl } from "./socket.js";

const POLL_MS = 1000;
const PATIENCE_MS = 1500; // before polling starts beside a socket that is still trying
const ASK_AGAIN_MS = 3000; // a request may be refused for coming too soon, or be lost

export class Link {
  #poll = 0;
  #asked_ms = -Infinity;
  #isFetching = false;
  #openedAt = performance.now();

  /** @param {string} path @param {Api} api @param {(action: Action) => void} dispatch @param {() => State} read */
  constructor(path, api, dispatch, read) {
    this.api = api;
    this.dispatch = dispatch;
    this.read = read;
    this.socket = new Socket(socketUrl(path, window.location), {
      onFrame: (frame) => frame.type !== "error" && dispatch({ type: "frame", frame, at_ms: performance.now() }),
      onChange: (connected) => this.#changed(connected),
    });
  }

  open() {
    const close = this.socket.open();
    const hurry = () => this.socket.hurry();
    window.addEventListener("online", hurry);
    // A page that slept, or was kept in the history, may be far behind; its clock may have stood still.
    document.addEventListener("visibilitychange", () => !document.hidden && this.#fetch());
    window.addEventListener("pageshow", (event) => event.persisted && this.#fetch());
    this.#poll = window.setInterval(() => this.#tick(), POLL_MS);
    return () => {
      window.removeEventListener("online", hurry);
      clearInterval(this.#poll);
      close();
    };
  }

  /** After each change of state, and again until it is there: ask for what was missed. @param {State} state */
  follow(state) {
    const now = performance.now();
    if (!state.stale) this.#asked_ms = -Infinity;
    if (!state.stale || now - this.#asked_ms < ASK_AGAIN_MS) return;
    this.#asked_ms = now;
    if (!this.socket.send({ type: "snapshot.request" })) this.#fetch();
  }

  /** @param {boolean} connected */
  #changed(connected) {
    this.#openedAt = performance.now();
    this.dispatch({ type: "connection", connection: connected ? "live" : "connecting" });
  }

  #tick() {
    this.follow(this.read());
    const { phase, connection, snapshot, timeUp, deadline_ms } = this.read();
    if (phase === "guessing" && timeUp && isVerdictDue(deadline_ms, performance.now())) this.#fetch();
    if (phase !== "preparing") return;
    // A live socket is trusted, but not for ever: a lost broadcast must not leave the page waiting.
    const patience = connection === "live" ? 5 * PATIENCE_MS : PATIENCE_MS;
    if (performance.now() - this.#openedAt < patience) return;
    if (connection === "connecting") this.dispatch({ type: "connection", connection: "polling" });
    if (snapshot.game.state === "playing") this.#fetch();
  }

  /** At most one at a time. */
  async #fetch() {
    if (this.#isFetching) return;
    this.#isFetching = true;
    try {
      const snapshot = await this.api.snapshot();
      this.dispatch({ type: "snapshot", snapshot, at_ms: performance.now() });
    } catch {
      // The next tick tries again; the banner already says that the connection is gone.
    } finally {
      this.#isFetching = false;
    }
  }
}
