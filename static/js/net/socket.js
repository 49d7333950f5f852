/**
 * Transport only: keeps one websocket open, hands over parsed frames, knows nothing of the game.
 *
 * @typedef {object} Handlers
 * @property {(frame: any) => void} onFrame
 * @property {(connected: boolean, code?: number) => void} onChange  code: why the server closed it
 */

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const OPENING_MS = 6000; // a handshake that hangs, as on a phone that wakes up, is given up

/** Waiting time before attempt n (from 0), with up to a fifth of it added by chance. @param {number} attempt @param {number} chance in [0, 1) */
export function retryDelay(attempt, chance) {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (1 + chance / 5);
}

/** "/ws/x/" on https://host -> "wss://host/ws/x/" @param {string} path @param {{protocol: string, host: string}} page */
export function socketUrl(path, page) {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}${path}`;
}

export class Socket {
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #opening = 0;
  #closed = false;

  /** @param {string} url @param {Handlers} handlers */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
  }

  open() {
    this.#closed = false;
    this.#connect();
    return () => this.close();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#opening);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Try at once, after the browser says that the network is back. */
  hurry() {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#connect();
  }

  /** Give up a connection that seems dead, and try anew. */
  drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    clearTimeout(this.#opening);
    socket.close();
    this.handlers.onChange(false);
    this.#later();
  }

  /** @param {object} message @returns {boolean} whether it could be sent */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect() {
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch {
      this.#later();
      return;
    }
    this.#socket = socket;
    clearTimeout(this.#opening);
    this.#opening = window.setTimeout(() => this.#socket === socket && this.drop(), OPENING_MS);
    socket.addEventListener("open", () => {
      if (this.#socket !== socket) return;
      clearTimeout(this.#opening);
      this.handlers.onChange(true);
    });
    socket.addEventListener("message", (event) => this.#socket === socket && this.#receive(event.data));
    socket.addEventListener("close", ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      clearTimeout(this.#opening);
      this.handlers.onChange(false, code);
      this.#later();
    });
  }

  /** @param {unknown} data */
  #receive(data) {
    if (typeof data !== "string") return;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (!frame || typeof frame.type !== "string") return;
    if (frame.type !== "error") this.#attempt = 0; // it opens and it serves: one that only opens may be closed at once
    this.handlers.onFrame(frame);
  }

  #later() {
    if (this.#closed) return;
    this.#timer = window.setTimeout(() => this.#connect(), retryDelay(this.#attempt, Math.random()));
    this.#attempt += 1;
  }
}
