/**
 * Keeps a room's page in step with the server: the socket, commands sent until they are answered, a snapshot after a
 * gap or when a phase should be over, and HTTP while the socket is away.
 *
 * @import { Action } from "./state.js"
 * @import { Command, State, Urls } from "./types.js"
 */
import { ApiError, getJson, postJson } from "../net/json.js";
import { retryDelay, Socket, socketUrl } from "../net/socket.js";
import { byHttp } from "./outbox.js";
import { toSend } from "./state.js";

const TICK_MS = 400;
const POLL_MS = 1000;
const ASK_AGAIN_MS = 1500;
const LATE_MS = 1200; // after a phase should have ended
const GRACE_MS = 2300; // guesses are taken so long after the time is up
const PING_MS = 5000;
const SILENCE_MS = 11_000; // a socket that says nothing for so long is dead
const OPENING_MS = 1500;
/** Codes with which the server closes for good: docs/protocol.md. @type {Record<number, import("./types.js").Ended>} */
const CLOSED = { 4403: "kicked", 4410: "left" };

export class RoomLink {
  #asked_ms = -Infinity;
  #heard_ms = performance.now();
  #pinged_ms = performance.now();
  #lost_ms = performance.now();
  #isFetching = false;
  /** No answer by HTTP either, at the last try. */
  #isDark = false;
  #isPosting = false;
  /** Not before then: the server had no time for a guess, so many times in a row. */
  #mayPost_ms = -Infinity;
  #refusals = 0;
  #timer = 0;

  /** @param {Urls} urls @param {string} csrfToken @param {(action: Action) => void} dispatch @param {() => State} read */
  constructor(urls, csrfToken, dispatch, read) {
    this.urls = urls;
    this.csrfToken = csrfToken;
    this.dispatch = dispatch;
    this.read = read;
    this.socket = new Socket(socketUrl(urls.socket, window.location), {
      onFrame: (frame) => this.#receive(frame),
      onChange: (isOpen, code) => this.#changed(isOpen, code),
    });
  }

  open() {
    this.socket.open();
    this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
    window.addEventListener("online", () => this.socket.hurry());
    window.addEventListener("offline", () => this.socket.drop());
    // A page that slept, or was kept in the history, may be far behind.
    document.addEventListener("visibilitychange", () => !document.hidden && this.#wake());
    window.addEventListener("pageshow", (event) => event.persisted && this.#wake());
  }

  /** Nothing more to hear. */
  close() {
    clearInterval(this.#timer);
    this.socket.close();
  }

  /** @param {Command} command */
  send(command) {
    this.dispatch({ type: "command", id: newId(), command });
    this.flush();
  }

  /** What waits goes out, over a live socket. */
  flush() {
    const now = performance.now();
    if (this.read().connection !== "live") return;
    for (const { id, command } of toSend(this.read(), now)) {
      if (!this.socket.send({ id, ...command })) return;
      this.dispatch({ type: "sent", id, at_ms: now });
    }
  }

  /** @param {import("./types.js").Frame} frame */
  #receive(frame) {
    this.#heard_ms = performance.now();
    this.dispatch({ type: "frame", frame, at_ms: this.#heard_ms });
    if (frame.type === "snapshot") this.flush();
  }

  /** @param {boolean} isOpen @param {number} [code] */
  #changed(isOpen, code = 0) {
    const now = performance.now();
    if (CLOSED[code]) return this.dispatch({ type: "ended", ended: CLOSED[code] });
    this.#heard_ms = this.#pinged_ms = now;
    if (isOpen) this.dispatch({ type: "connection", connection: "live" });
    else if (this.read().connection === "live") {
      this.#lost_ms = now;
      this.dispatch({ type: "connection", connection: "lost" });
    }
    if (isOpen) this.flush();
  }

  #wake() {
    this.socket.hurry();
    this.#ask(performance.now());
  }

  #tick() {
    const now = performance.now();
    const state = this.read();
    if (state.ended) return this.close();
    if (state.connection === "live") this.#tend(now);
    else this.#goByHttp(state, now);
    if (isBehind(state, now)) this.#ask(now);
  }

  /** @param {number} now */
  #tend(now) {
    this.flush();
    if (now - this.#heard_ms > SILENCE_MS) this.socket.drop();
    else if (now - Math.max(this.#heard_ms, this.#pinged_ms) > PING_MS) {
      this.#pinged_ms = now;
      this.socket.send({ id: newId(), type: "ping" });
    }
  }

  /** @param {State} state @param {number} now */
  #goByHttp(state, now) {
    const away_ms = now - this.#lost_ms;
    if (state.connection === "opening" && away_ms > OPENING_MS) this.dispatch({ type: "connection", connection: "lost" });
    const guess = byHttp(state.outbox, away_ms);
    if (guess && now >= this.#mayPost_ms) this.#post(guess.id, guess.command);
    if (away_ms > OPENING_MS && now - this.#asked_ms > POLL_MS) this.#fetch(now);
  }

  /** @param {number} now */
  #ask(now) {
    if (now - this.#asked_ms < ASK_AGAIN_MS) return;
    this.#asked_ms = now;
    if (!this.socket.send({ id: newId(), type: "snapshot.request" })) this.#fetch(now);
  }

  /** @param {number} now */
  async #fetch(now) {
    if (this.#isFetching) return;
    this.#asked_ms = now;
    this.#isFetching = true;
    try {
      const { state, private: own } = await getJson(this.urls.snapshot);
      if (this.#isDark) this.socket.hurry(); // the server is back
      this.#isDark = false;
      this.dispatch({ type: "snapshot", state, private: own, at_ms: performance.now() });
    } catch (error) {
      this.#isDark = error instanceof ApiError && (error.status === 0 || error.status >= 500);
      if (error instanceof ApiError && error.fatal) this.dispatch({ type: "refused", id: null, code: endOf(error), message: error.message });
    } finally {
      this.#isFetching = false;
    }
  }

  /** @param {string} id @param {Command & {type: "guess"}} guess */
  async #post(id, { round, lat, lng }) {
    if (this.#isPosting) return;
    this.#isPosting = true;
    try {
      const { state, private: own } = await postJson(this.urls.guess, { round, lat, lng }, this.csrfToken);
      this.#refusals = 0;
      this.dispatch({ type: "answered", id });
      this.dispatch({ type: "snapshot", state, private: own, at_ms: performance.now() });
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      if (error.status === 429 || error.status >= 500) this.#putOff(error);
      else if (error.status >= 400) this.dispatch({ type: "refused", id, code: error.code, message: error.message });
    } finally {
      this.#isPosting = false;
    }
  }

  /** Not all pages at once, and later each time. @param {ApiError} error */
  #putOff({ wait_ms }) {
    this.#mayPost_ms = performance.now() + Math.max(wait_ms, retryDelay(this.#refusals, Math.random()));
    this.#refusals += 1;
  }
}

/** The server has had the time to go on, or has told of more than this page knows. @param {State} state @param {number} now */
function isBehind({ stale, expected, server, phase, deadline_ms, phaseEnds_ms }, now) {
  if (stale || expected > server.version) return true;
  if (phase === "guessing" && deadline_ms !== null && now > deadline_ms + GRACE_MS) return true;
  return phase !== "guessing" && phaseEnds_ms !== null && now > phaseEnds_ms + LATE_MS;
}

/** @param {ApiError} error */
function endOf(error) {
  return error.code === "kicked" ? "kicked" : "room-not-found";
}

/** Unlike randomUUID, also where the page came over plain http. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
