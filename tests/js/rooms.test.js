import assert from "node:assert/strict";
import { test } from "node:test";

import { announcement, arrival } from "../../static/js/rooms/announce.js";
import { add, answered, byHttp, due, sent, unsent } from "../../static/js/rooms/outbox.js";
import { awaited, canGuess, canPin, contenders, initial, isLocked, reduce, standing } from "../../static/js/rooms/state.js";
import { clockOffset, moment } from "../../static/js/rooms/timing.js";
import { matchTitle, playerName, roundTitle, waitingFor } from "../../static/js/rooms/words.js";
import { ADA, BEN, BOOT, closed, lobby, match, PLANET, player, PRIVATE, result, room, round, state } from "./room-fixtures.js";

const PIN = { lat: 1, lng: 2 };
const GUESS = { type: "guess", round: "r1", ...PIN };
const start = (server = state(), own = PRIVATE, at_ms = 1000) => initial({ ...BOOT, state: server, private: own }, at_ms);
const run = (before, ...actions) => actions.reduce(reduce, before);
const changed = (server, at_ms = 1000) => ({ type: "frame", frame: { type: "room.changed", version: server.version, state: server }, at_ms });
const frame = (content) => ({ type: "frame", frame: content, at_ms: 1000 });
const pinned = () => run(start(), { type: "pin", place: PIN });
const guessing = () => run(pinned(), { type: "command", id: "c1", command: GUESS });

// --- Phases -----------------------------------------------------------------------------------------

test("each state of a room opens in its phase", () => {
  assert.equal(start(lobby()).phase, "lobby");
  assert.equal(start(state({ match: match({ phase: "intro", round: null }) })).phase, "preparing");
  assert.equal(start(state({ match: match({ phase: "preparing" }) })).phase, "preparing");
  assert.equal(start().phase, "guessing");
  assert.equal(start(closed()).phase, "result");
  assert.equal(start(closed({ phase: "finished", winner: ADA })).phase, "summary");
  assert.equal(start(lobby({ room: room({ state: "lobby", closed: true }) })).phase, "error");
});

test("a closed room still shows how its match ended", () => {
  const over = closed({ phase: "finished", winner: ADA });
  assert.equal(start({ ...over, room: room({ state: "finished", closed: true }) }).phase, "summary");
});

test("back in the lobby after a match, the old match is not shown", () => {
  const again = lobby({ version: 12, match: match({ phase: "finished" }) });
  assert.equal(run(start(closed({ phase: "finished" })), changed(again)).phase, "lobby");
});

// --- Versions ------------------------------------------------------------------------------------------

test("the next version is taken as it is; an older one changes nothing", () => {
  const next = run(start(), changed(state({ version: 8, room: room({ host: BEN }) })));
  assert.equal(next.server.version, 8);
  assert.equal(next.you.is_host, false);
  assert.equal(next.stale, false);
  const old = state({ version: 6, room: room({ host: BEN }) });
  assert.equal(run(start(), changed(old)).server.version, 7);
});

test("after a gap the newer state is shown, and a snapshot asked for", () => {
  const after = run(start(), changed(state({ version: 10 })));
  assert.equal(after.server.version, 10);
  assert.ok(after.stale);
  const answered_ = run(after, { type: "snapshot", state: state({ version: 10 }), private: PRIVATE, at_ms: 1000 });
  assert.equal(answered_.stale, false);
});

test("a snapshot of the same version tells what only this player knows", () => {
  const own = { you: { id: ADA, role: "player", is_host: false }, your_guess: PIN };
  const after = run(start(), { type: "snapshot", state: state(), private: own, at_ms: 1000 });
  assert.deepEqual(after.yourGuess, PIN);
  assert.equal(after.you.is_host, false);
});

// --- Commands ---------------------------------------------------------------------------------------

test("a command waits until it is answered, and a second press is no second command", () => {
  const once = guessing();
  assert.equal(once.outbox.length, 1);
  assert.ok(isLocked(once) && !canGuess(once) && !canPin(once));
  assert.equal(run(once, { type: "command", id: "c2", command: GUESS }).outbox.length, 1);
  const acked = run(once, frame({ type: "ack", id: "c1", version: 8 }));
  assert.deepEqual([acked.outbox, acked.yourGuess], [[], PIN]);
  assert.equal(acked.expected, 8, "the change that belongs to it is still to come");
});

test("what is not answered goes again, and all of it over a new connection", () => {
  const box = sent(add(add([], "a", { type: "ready", ready: true }), "b", { type: "react", reaction: "wow" }), "a", 1000);
  assert.deepEqual(due(box, 1500).map(({ id }) => id), ["b"]);
  assert.deepEqual(due(box, 4000).map(({ id }) => id), ["a", "b"]);
  assert.deepEqual(due(unsent(box), 1001).map(({ id }) => id), ["a", "b"]);
  assert.equal(answered(box, "z"), box);
  const lost = run(guessing(), { type: "sent", id: "c1", at_ms: 1000 }, { type: "connection", connection: "lost" });
  const live = run(lost, { type: "connection", connection: "live" });
  assert.deepEqual(due(live.outbox, 1001).map(({ id }) => id), ["c1"], "under the same id");
});

test("a guess goes by HTTP once the socket has been away for a while", () => {
  const { outbox } = guessing();
  assert.equal(byHttp(outbox, 100), null);
  assert.equal(byHttp(outbox, 5000).command.lat, 1);
  assert.equal(byHttp(add([], "a", { type: "start" }), 5000), null);
});

test("a refusal gives the pin back and says why", () => {
  const after = run(guessing(), frame({ type: "error", id: "c1", code: "wrong-fields", message: "No." }));
  assert.equal(after.problem.message, "No.");
  assert.ok(canGuess(after), "the pin is still there");
  assert.equal(run(after, { type: "dismiss" }).problem, null);
});

test("what was pressed for one match is not sent into another", () => {
  const over = closed({ phase: "finished", phase_ends_in_s: null });
  const finished = { ...over, room: room({ state: "finished" }) };
  const pressed = [{ type: "rematch" }, { type: "start" }, { type: "ready", ready: true }, { type: "settings", rounds_total: 3 }, { type: "react", reaction: "wow" }, { type: "kick", player: BEN }];
  const waiting = run(start(finished), ...pressed.map((command) => ({ type: "command", id: command.type, command })));
  const ids = (/** @type {any} */ now) => now.outbox.map(({ id }) => id);
  const same = run(waiting, changed({ ...finished, version: 9 }));
  assert.equal(ids(same).length, pressed.length, "while nothing has begun or ended they are on their way");
  const next = { ...over, version: 30, match: { ...over.match, game: "g2" }, room: room({ state: "finished" }) };
  assert.deepEqual(ids(run(waiting, changed(next))), ["kick"], "another match, over as well");
  assert.deepEqual(ids(run(waiting, { type: "snapshot", state: next, private: PRIVATE, at_ms: 1000 })), ["kick"]);
  assert.deepEqual(ids(run(waiting, changed({ ...finished, version: 9, room: room({ state: "lobby" }) }))), ["kick"]);
});

for (const code of ["server-error", "rate-limited"]) {
  test(`a guess refused with ${code} stays on its way, with a growing wait`, () => {
    let now = run(guessing(), { type: "time-up" }, { type: "sent", id: "c1", at_ms: 1000 });
    for (const wait_ms of [500, 1000, 2000, 4000, 8000, 8000]) {
      now = run(now, frame({ type: "error", id: "c1", code, message: "No." }));
      assert.deepEqual(due(now.outbox, 1000 + wait_ms - 1), []);
      assert.deepEqual(due(now.outbox, 1000 + wait_ms).map(({ id }) => id), ["c1"], "under the same id");
    }
    assert.ok(isLocked(now), "it is not lost, and cannot be given twice");
    assert.equal(now.problem, null, "nobody has to do anything");
    assert.deepEqual(run(now, changed(closed())).outbox, [], "until its round is over");
  });
}

test("a button that the server fails at is given back after some attempts", () => {
  const fault = frame({ type: "error", id: "c1", code: "server-error", message: "No." });
  let now = run(start(lobby()), { type: "command", id: "c1", command: { type: "start" } });
  now = run(now, fault, fault, fault, fault);
  assert.deepEqual([now.outbox.length, now.problem], [1, null]);
  now = run(now, fault);
  assert.deepEqual([now.outbox, now.problem.message], [[], "No."]);
});

test("where the server is ahead the page asks instead of complaining", () => {
  for (const code of ["round-closed", "only-watching"]) {
    const after = run(guessing(), frame({ type: "error", id: "c1", code, message: "Late." }));
    assert.deepEqual([after.problem, after.ended], [null, null]);
    assert.ok(after.stale);
  }
});

test("who is removed, or whose room is gone, is told", () => {
  assert.equal(run(start(), frame({ type: "kicked" })).phase, "error");
  assert.equal(run(start(), { type: "refused", id: null, code: "room-not-found", message: "" }).ended, "gone");
  assert.equal(run(start(), frame({ type: "error", id: null, code: "not-a-member", message: "" })).ended, "left");
});

// --- Rounds -------------------------------------------------------------------------------------------

test("a lost connection keeps pin and picture", () => {
  const away = run(pinned(), { type: "picture", picture: "ready" }, { type: "connection", connection: "lost" });
  const back = run(away, { type: "connection", connection: "live" }, { type: "snapshot", state: state({ version: 9 }), private: PRIVATE, at_ms: 1000 });
  assert.deepEqual([back.pin, back.picture, back.phase], [PIN, "ready", "guessing"]);
});

test("a new round begins without pin, guess and what waited for the old one", () => {
  const after = run(guessing(), changed(state({ version: 8, match: match({ round: round({ id: "r2", number: 2, picture: { url: "/picture/2/", width: 1, height: 1 } }) }) })));
  assert.deepEqual([after.pin, after.yourGuess, after.outbox, after.picture], [null, null, [], "loading"]);
});

test("a guess that came too late is not sent into the result", () => {
  assert.deepEqual(run(guessing(), changed(closed())).outbox, []);
});

test("the others' pins are no part of the page's own", () => {
  const locked = state({ version: 8, players: [player(ADA), player(BEN, { locked: true })] });
  const after = run(pinned(), changed(locked));
  assert.deepEqual(after.pin, PIN);
  assert.ok(canPin(after));
  assert.deepEqual(awaited(after).map(({ id }) => id), [ADA]);
});

test("a guess from another window locks this one, and where it lies is asked for", () => {
  const elsewhere = run(pinned(), changed(state({ version: 8, players: [player(ADA, { locked: true }), player(BEN)] })));
  assert.ok(isLocked(elsewhere) && !canPin(elsewhere) && !canGuess(elsewhere) && elsewhere.stale);
  const own = run(guessing(), changed(state({ version: 8, players: [player(ADA, { locked: true }), player(BEN)] })));
  assert.equal(own.stale, false, "one's own guess is known here");
});

test("once the time is up no pin moves; the pin that was set is sent", () => {
  const up = run(pinned(), { type: "time-up" });
  assert.ok(up.timeUp && !canPin(up) && canGuess(up));
  assert.equal(run(up, changed(closed())).timeUp, false);
});

test("a spectator, and who came while a match runs, sets no pin", () => {
  const watching = state({ players: [player(ADA, { role: "spectator", playing: false }), player(BEN)] });
  const own = { you: { id: ADA, role: "spectator", is_host: false }, your_guess: null };
  assert.ok(!canPin(start(watching, own)));
  assert.ok(!canPin(start(state({ players: [player(ADA, { playing: false }), player(BEN)] }))));
});

test("reactions count, so that the same one twice is seen twice", () => {
  const wow = frame({ type: "reaction", from: BEN, reaction: "wow" });
  assert.deepEqual(run(start(), wow, wow).reactions[BEN], { reaction: "wow", number: 2 });
});

test("those who left are not in the lobby's count, but in the match's", () => {
  const gone = player(BEN, { left: true });
  assert.deepEqual(contenders(start(lobby({ players: [player(ADA, { playing: false }), gone] }))).map(({ id }) => id), [ADA]);
  assert.deepEqual(contenders(start(state({ players: [player(ADA), gone] }))).map(({ id }) => id), [ADA, BEN]);
});

test("a duel is won by health, a room by points", () => {
  const players = [player(ADA, { points: 100, health: 10 }), player(BEN, { points: 50, health: 900 })];
  assert.deepEqual(standing(start(state({ players }))).map(({ id }) => id), [ADA, BEN]);
  assert.deepEqual(standing(start(state({ players, room: room({ kind: "duel" }) }))).map(({ id }) => id), [BEN, ADA]);
});

// --- Time ----------------------------------------------------------------------------------------------

test("the clocks' difference is the largest that any message shows", () => {
  const base = Date.parse("2026-11-22T20:00:00Z");
  const first = clockOffset(null, "2026-11-22T20:00:00Z", 5000);
  assert.equal(first, base - 5000);
  assert.equal(clockOffset(first, "2026-11-22T20:00:10Z", 16_000), first, "a slow message");
  assert.equal(clockOffset(first, "2026-11-22T20:00:10Z", 14_800), first + 200, "a quick one");
  assert.equal(clockOffset(first, "2026-11-22T19:00:00Z", 6000), Date.parse("2026-11-22T19:00:00Z") - 6000, "the clock was set");
});

test("a moment stays itself while it is told again, and moves when the server moves it", () => {
  const time = "2026-11-22T20:00:00Z";
  const offset = Date.parse(time) - 1000;
  assert.equal(moment(null, 60, time, offset), 61_000);
  assert.equal(moment(60_950, 60, time, offset), 60_950);
  assert.equal(moment(61_000, 15, time, offset), 16_000);
  assert.equal(moment(61_000, null, time, offset), null);
});

test("the first to lock in makes the round shorter for the others", () => {
  const before = start();
  assert.equal(before.deadline_ms, 61_000);
  const hurried = state({ version: 8, match: match({ round: round({ time_left_s: 15, ends_early: true }) }) });
  assert.equal(run(before, changed(hurried)).deadline_ms, 16_000);
});

test("a result says when it ends", () => {
  assert.equal(start(closed()).phaseEnds_ms, 8000);
  assert.equal(start(closed()).deadline_ms, null);
});

// --- Words -----------------------------------------------------------------------------------------------

test("guests of one name are told apart by their number", () => {
  const [one, two] = [player("p-1", { name: "Guest", number: 3, is_guest: true }), player("p-2", { name: "Guest", number: 5, is_guest: true })];
  const both = start(state({ players: [player(ADA), one, two] }));
  assert.equal(playerName(both, two), "Guest 5");
  assert.equal(playerName(start(state({ players: [player(ADA), one] })), one), "Guest");
});

test("a round and a match say who won them", () => {
  const now = start(closed());
  assert.equal(roundTitle(now, result()), "planet wins this round");
  assert.equal(roundTitle(now, result({ winner: ADA })), "You win this round");
  assert.equal(roundTitle(now, result({ winner: "crowd" })), "The crowd wins this round");
  assert.equal(roundTitle(now, result({ void: "gone" })), "This round does not count");
  assert.equal(matchTitle(start(closed({ phase: "finished", winner: "draw" }))), "A draw");
});

test("who waits is told for whom", () => {
  const locked = start(state({ players: [player(ADA, { locked: true }), player(BEN)] }));
  assert.equal(waitingFor(locked), "Locked in: waiting for ben");
  const three = start(state({ players: [player(ADA, { locked: true }), player(BEN), player("p-cy")] }));
  assert.equal(waitingFor(three), "Locked in: waiting for 2");
});

test("what is announced is what matters, and nothing twice", () => {
  const before = start();
  const others = run(before, changed(state({ version: 8, players: [player(ADA), player(BEN, { locked: true })] })));
  assert.equal(announcement(before, others), "ben locked in.");
  const hurried = run(others, changed(state({ version: 9, match: match({ round: round({ time_left_s: 15, ends_early: true }) }) })));
  assert.match(announcement(others, hurried), /15 seconds/);
  assert.equal(announcement(hurried, hurried), "");
  assert.match(announcement(hurried, run(hurried, changed({ ...closed(), version: 10 }))), /planet wins this round.*Paris/);
  const inLobby = start(lobby());
  const came = run(inLobby, changed(lobby({ version: 8, players: [...lobby().players, player("p-cy", { playing: false })] })));
  assert.equal(announcement(inLobby, came), "cy is here.");
  assert.match(arrival(inLobby), /2 players/);
  const ready = run(inLobby, changed(lobby({ version: 8, players: lobby().players.map((one) => ({ ...one, ready: true })) })));
  assert.equal(announcement(inLobby, ready), "", "who is ready is seen, not read out");
});

test("a lost connection is announced, and its end together with what has happened", () => {
  const lost = run(pinned(), { type: "connection", connection: "lost" });
  assert.match(announcement(pinned(), lost), /Reconnecting.*pin stays/);
  assert.equal(announcement(lost, run(lost, { type: "pin", place: { lat: 3, lng: 4 } })), "", "once");
  const live = run(lost, { type: "connection", connection: "live" });
  assert.equal(announcement(lost, live), "Connected again.");
  const offline = run(start(lobby()), { type: "online", online: false });
  assert.match(announcement(start(lobby()), offline), /offline/);
  const late = run(lost, { type: "snapshot", state: { ...closed(), version: 9 }, private: PRIVATE, at_ms: 1000 });
  assert.match(announcement(lost, late), /planet wins this round/, "over HTTP, while the socket is away");
});
