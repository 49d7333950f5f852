/** The wires of a game for one against a socket, a network and a clock that the tests move. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Link } from "../../static/js/net/link.js";

class FakeSocket extends EventTarget {
  static OPEN = 1;
  readyState = 1;
  /** @type {FakeSocket} */
  static last;
  sent = [];

  constructor() {
    super();
    FakeSocket.last = this;
  }

  send(text) {
    this.sent.push(JSON.parse(text).type);
  }

  tell(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  close() {}
}

/** A page with a live socket that knows that it has missed something. */
function behind(t) {
  let now = 1000;
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.mock.method(performance, "now", () => now);
  const fakes = {
    WebSocket: FakeSocket,
    window: Object.assign(new EventTarget(), { setTimeout, setInterval, location: { protocol: "http:", host: "here" } }),
    document: Object.assign(new EventTarget(), { hidden: false }),
  };
  Object.assign(globalThis, fakes);
  const actions = [];
  const state = { stale: true, phase: "guessing", connection: "live", timeUp: false, deadline_ms: null };
  const link = new Link("/ws/games/g/", {}, (action) => actions.push(action), () => state);
  const close = link.open();
  FakeSocket.last.dispatchEvent(new Event("open"));
  actions.length = 0;
  t.after(() => {
    close();
    for (const name of Object.keys(fakes)) delete globalThis[name];
  });
  const pass = (ms) => {
    for (let past = 0; past < ms; past += 100) {
      now += 100;
      t.mock.timers.tick(100);
    }
  };
  return { actions, link, pass, state };
}

test("a snapshot that was refused for coming too soon is asked for again", (t) => {
  const { actions, link, pass, state } = behind(t);
  link.follow(state);
  link.follow(state);
  assert.deepEqual(FakeSocket.last.sent, ["snapshot.request"], "once");
  FakeSocket.last.tell({ type: "error", code: "rate-limited", message: "Too many messages: wait a moment." });
  assert.deepEqual(actions, [], "no news of the game");
  pass(4000);
  assert.equal(FakeSocket.last.sent.length, 2);
  state.stale = false;
  pass(10_000);
  assert.equal(FakeSocket.last.sent.length, 2, "what is there is not asked for");
});

test("the next gap is asked about at once", (t) => {
  const { link, state } = behind(t);
  link.follow(state);
  link.follow({ ...state, stale: false });
  link.follow(state);
  assert.equal(FakeSocket.last.sent.length, 2);
});
