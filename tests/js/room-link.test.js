/** The wires of a room against a socket, a network and a clock that the tests move. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Countdown } from "../../static/js/rooms/countdown.js";
import { RoomLink } from "../../static/js/rooms/link.js";
import { initial, reduce } from "../../static/js/rooms/state.js";
import { ADA, BOOT, closed, match, PRIVATE, room, round, state } from "./room-fixtures.js";

const GUESS = { type: "guess", round: "r1", lat: 1, lng: 2 };
const URLS = { socket: "/ws/rooms/ABC234/", snapshot: "/api/rooms/ABC234/", guess: "/api/rooms/ABC234/guess/" };
const UP = { at: true };

class FakeSocket extends EventTarget {
  static OPEN = 1;
  /** @type {FakeSocket[]} */
  static all = [];
  readyState = 0;
  sent = [];

  constructor(url) {
    super();
    this.url = url;
    FakeSocket.all.push(this);
  }

  static get last() {
    return FakeSocket.all.at(-1);
  }

  open() {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  tell(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  /** From the other end, or for want of one. */
  fail(code = 1006) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  close() {
    this.readyState = 3;
  }

  of(type) {
    return this.sent.filter((message) => message.type === type);
  }
}

/** A page with a live socket, unless told otherwise. */
function page(t, { server = state(), live = true, answer = () => Promise.reject(new TypeError("network")) } = {}) {
  let now = 1000;
  const listeners = new EventTarget();
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.mock.method(performance, "now", () => now);
  t.mock.method(Math, "random", () => 0);
  const calls = [];
  t.mock.method(globalThis, "fetch", (url, init) => {
    calls.push([url, init.method, init.body && JSON.parse(init.body)]);
    return answer(url, init);
  });
  const fakes = {
    WebSocket: FakeSocket,
    window: Object.assign(listeners, { setTimeout, setInterval, location: { protocol: "http:", host: "here" } }),
    document: Object.assign(new EventTarget(), { hidden: false }),
  };
  Object.assign(globalThis, fakes);
  FakeSocket.all = [];
  const it = { calls, state: initial({ ...BOOT, state: server, private: PRIVATE }, now) };
  it.dispatch = (action) => (it.state = reduce(it.state, action));
  it.link = new RoomLink(URLS, "token", it.dispatch, () => it.state);
  it.event = (name) => listeners.dispatchEvent(new Event(name));
  /** Lets time pass, in small steps, as a browser does. */
  it.pass = async (ms) => {
    for (let past = 0; past < ms; past += 100) {
      now += 100;
      t.mock.timers.tick(100);
      for (let i = 0; i < 12; i++) await Promise.resolve();
    }
  };
  t.after(() => {
    it.link.close();
    for (const name of Object.keys(fakes)) delete globalThis[name];
  });
  it.link.open();
  if (live) FakeSocket.last.open();
  return it;
}

const snapshotOf = (server, own = PRIVATE) => async () => Response.json({ state: server, private: own });

test("a command goes again, under the same id, until it is answered", async (t) => {
  const { link, pass } = page(t);
  link.send(GUESS);
  assert.equal(FakeSocket.last.of("guess").length, 1, "at once");
  await pass(3000);
  const [first, second] = FakeSocket.last.of("guess");
  assert.equal(second.id, first.id);
  FakeSocket.last.tell({ type: "ack", id: first.id, version: 7 });
  await pass(6000);
  assert.equal(FakeSocket.last.of("guess").length, 2, "once it is answered, no more");
});

test("a guess that met a fault of the server goes again after a wait", async (t) => {
  const { link, pass } = page(t);
  link.send(GUESS);
  const [first] = FakeSocket.last.of("guess");
  FakeSocket.last.tell({ type: "error", id: first.id, code: "server-error", message: "No." });
  await pass(400);
  assert.equal(FakeSocket.last.of("guess").length, 1, "not at once");
  await pass(500);
  assert.deepEqual(FakeSocket.last.of("guess").map(({ id }) => id), [first.id, first.id]);
});

for (const [game, times] of [["g2", 0], ["g1", 1]]) {
  test(`a rematch without an answer goes ${times} times over a new socket where the last match is ${game}`, async (t) => {
    const over = { ...closed({ phase: "finished", phase_ends_in_s: null, winner: ADA }), room: room({ state: "finished" }) };
    const it = page(t, { server: over });
    FakeSocket.last.tell({ type: "snapshot", id: null, version: 8, state: over, private: PRIVATE });
    it.link.send({ type: "rematch" });
    const [first] = FakeSocket.last.of("rematch");
    FakeSocket.last.fail();
    await it.pass(600);
    FakeSocket.last.open();
    assert.deepEqual(FakeSocket.last.of("rematch"), [], "not before it is known what has happened");
    const now = { ...over, version: 30, match: { ...over.match, game } };
    FakeSocket.last.tell({ type: "snapshot", id: null, version: 30, state: now, private: PRIVATE });
    assert.deepEqual(FakeSocket.last.of("rematch"), Array(times).fill(first));
    await it.pass(2000);
    assert.equal(FakeSocket.last.of("rematch").length, times);
  });
}

test("what was pressed without a network goes out when it is back", async (t) => {
  const it = page(t);
  it.dispatch({ type: "online", online: false });
  it.event("offline");
  assert.equal(it.state.connection, "lost", "no wait for a timeout");
  it.link.send(GUESS);
  it.link.send(GUESS);
  await it.pass(300);
  it.dispatch({ type: "online", online: true });
  it.event("online");
  FakeSocket.last.open();
  assert.equal(FakeSocket.all.length, 2);
  assert.equal(FakeSocket.last.of("guess").length, 1, "a second press is no second guess");
  assert.equal(it.state.connection, "live");
});

test("after a gap one snapshot is asked for at a time", async (t) => {
  const it = page(t);
  FakeSocket.last.tell({ type: "room.changed", version: 10, state: state({ version: 10 }) });
  await it.pass(1000);
  assert.equal(FakeSocket.last.of("snapshot.request").length, 1);
  FakeSocket.last.tell({ type: "snapshot", id: null, version: 10, state: state({ version: 10 }), private: PRIVATE });
  await it.pass(4000);
  assert.equal(FakeSocket.last.of("snapshot.request").length, 1);
});

test("an answer that tells of a change which never comes makes the page ask", async (t) => {
  const it = page(t);
  FakeSocket.last.tell({ type: "ack", id: "x", version: 9 });
  await it.pass(500);
  assert.equal(FakeSocket.last.of("snapshot.request").length, 1);
});

test("a phase that should be over is asked about", async (t) => {
  const it = page(t, { server: closed({ phase_ends_in_s: 2 }) });
  await it.pass(3000);
  assert.equal(FakeSocket.last.of("snapshot.request").length, 0, "the server has a moment");
  await it.pass(1000);
  assert.equal(FakeSocket.last.of("snapshot.request").length, 1);
});

test("a socket that is silent is asked, and given up", async (t) => {
  const it = page(t);
  await it.pass(6000);
  assert.equal(FakeSocket.last.of("ping").length, 1);
  FakeSocket.last.tell({ type: "pong", id: "p", version: 7 });
  await it.pass(10_000);
  assert.equal(it.state.connection, "live", "it has said something");
  await it.pass(2000);
  assert.equal(it.state.connection, "lost");
  assert.equal(FakeSocket.all.length, 2, "and another one is tried");
});

test("without a socket state and guess go by HTTP", async (t) => {
  const own = { ...PRIVATE, your_guess: { lat: 1, lng: 2 } };
  const it = page(t, { answer: snapshotOf(state({ version: 9 }), own) });
  it.link.send(GUESS);
  FakeSocket.last.fail(1013);
  await it.pass(3000);
  assert.deepEqual(it.calls.find(([, method]) => method === "POST"), [URLS.guess, "POST", { round: "r1", lat: 1, lng: 2 }]);
  assert.deepEqual([it.state.outbox, it.state.yourGuess, it.state.server.version], [[], { lat: 1, lng: 2 }, 9]);
  assert.ok(it.calls.some(([url, method]) => method === "GET" && url === URLS.snapshot));
});

test("a guess that the server refuses over HTTP is not sent for ever", async (t) => {
  const refusal = { error: { code: "round-closed", message: "Late." } };
  const it = page(t, { answer: async (url) => (url === URLS.guess ? Response.json(refusal, { status: 409 }) : Response.json({ state: state(), private: PRIVATE })) });
  it.link.send(GUESS);
  FakeSocket.last.fail();
  await it.pass(4000);
  assert.equal(it.calls.filter(([, method]) => method === "POST").length, 1);
  assert.deepEqual([it.state.outbox, it.state.problem], [[], null]);
});

test("a guess that met a server without time for it is sent later each time", async (t) => {
  const it = page(t, { answer: async (url) => (url === URLS.guess ? new Response("", { status: 503 }) : Response.json({ state: state(), private: PRIVATE })) });
  it.link.send(GUESS);
  FakeSocket.last.fail();
  const posts = [];
  for (let s = 0; s < 16; s++) {
    await it.pass(1000);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.fail();
    posts.push(it.calls.filter(([, method]) => method === "POST").length);
  }
  assert.ok(posts.at(-1) >= 4 && posts.at(-1) <= 6, `${posts}`);
  assert.equal(it.state.outbox.length, 1, "it is not given up");
});

test("a guess waits for as long as the server asks", async (t) => {
  const it = page(t, { answer: async (url) => (url === URLS.guess ? new Response("", { status: 429, headers: { "Retry-After": "6" } }) : Response.json({ state: state(), private: PRIVATE })) });
  it.link.send(GUESS);
  FakeSocket.last.fail();
  const posts = () => it.calls.filter(([, method]) => method === "POST").length;
  await it.pass(7000);
  assert.equal(posts(), 1);
  await it.pass(2500);
  assert.equal(posts(), 2);
});

test("a socket that opens and says nothing before it is closed is tried later each time", async (t) => {
  const it = page(t, { answer: snapshotOf(state()) });
  for (let s = 0; s < 30; s++) {
    if (FakeSocket.last.readyState === 0) FakeSocket.last.open();
    if (FakeSocket.last.readyState === FakeSocket.OPEN) FakeSocket.last.fail(1013);
    await it.pass(1000);
  }
  assert.ok(FakeSocket.all.length <= 7, `${FakeSocket.all.length} in half a minute`);
  it.event("online");
  FakeSocket.last.open();
  FakeSocket.last.tell({ type: "snapshot", id: null, version: 9, state: state({ version: 9 }), private: PRIVATE });
  const before = FakeSocket.all.length;
  FakeSocket.last.fail();
  await it.pass(600);
  assert.equal(FakeSocket.all.length, before + 1, "one that served is missed at once");
});

test("a server that was away for long is tried at once when it answers again", async (t) => {
  UP.at = false;
  const it = page(t, { answer: () => (UP.at ? snapshotOf(state({ version: 9 }))() : Promise.reject(new TypeError("network"))) });
  FakeSocket.last.fail();
  for (let s = 0; s < 30; s++) {
    await it.pass(1000);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.fail();
  }
  const before = FakeSocket.all.length;
  UP.at = true;
  await it.pass(1200);
  assert.equal(FakeSocket.all.length, before + 1, "no wait for the long pauses between the attempts");
  assert.equal(it.state.server.version, 9);
});

test("a handshake that hangs is given up", async (t) => {
  const it = page(t, { live: false });
  await it.pass(8000);
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.last.open();
  assert.equal(it.state.connection, "live");
  await it.pass(8000);
  assert.equal(FakeSocket.all.length, 2, "one that opened stays");
});

test("a page that wakes up asks at once", async (t) => {
  const it = page(t);
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(FakeSocket.last.of("snapshot.request").length, 1);
  assert.equal(it.state.connection, "live");
});

for (const [code, ended] of [[4403, "kicked"], [4410, "left"]]) {
  test(`a socket closed with ${code} is not opened again`, async (t) => {
    const it = page(t);
    FakeSocket.last.fail(code);
    assert.deepEqual([it.state.phase, it.state.ended], ["error", ended]);
    await it.pass(20_000);
    assert.equal(FakeSocket.all.length, 1);
    assert.deepEqual(it.calls, []);
  });
}

test("a room that is not there any more is told after one question", async (t) => {
  const gone = { error: { code: "not-a-member", message: "There is no such room." } };
  const it = page(t, { answer: async () => Response.json(gone, { status: 404 }) });
  FakeSocket.last.fail(4404);
  await it.pass(5000);
  assert.equal(it.state.ended, "gone");
  assert.equal(it.calls.length, 1);
});

test("a match that another window played to its end is shown as over", async (t) => {
  const it = page(t);
  const over = { ...closed({ phase: "finished", phase_ends_in_s: null, winner: ADA }), version: 30, room: room({ state: "finished" }) };
  FakeSocket.last.fail();
  await it.pass(600);
  FakeSocket.last.open();
  FakeSocket.last.tell({ type: "snapshot", id: null, version: 30, state: over, private: PRIVATE });
  assert.equal(it.state.phase, "summary");
});

test("seconds are counted down to the server's moment, whatever the page's clock says", async (t) => {
  const ahead = "2026-11-22T20:00:07.000+00:00"; // the server's clock differs from the page's by years
  const it = page(t, { server: state({ server_time: ahead, match: match({ phase: "intro", phase_ends_in_s: 3, round: round({ time_left_s: null, picture: null }) }) }) });
  const element = { textContent: "" };
  const countdown = new Countdown(element, (seconds) => `in ${seconds}`);
  countdown.until(it.state.phaseEnds_ms);
  assert.equal(element.textContent, "in 3");
  await it.pass(1200);
  assert.equal(element.textContent, "in 2");
  // The same moment told again, a second and a half of it past: nothing jumps.
  it.dispatch({ type: "frame", frame: { type: "room.changed", version: 8, state: state({ version: 8, server_time: "2026-11-22T20:00:08.200+00:00", match: match({ phase: "intro", phase_ends_in_s: 1.8, round: round({ time_left_s: null, picture: null }) }) }) }, at_ms: 2200 });
  countdown.until(it.state.phaseEnds_ms);
  assert.equal(element.textContent, "in 2");
  await it.pass(2000);
  assert.equal(element.textContent, "in 0");
});
