import assert from "node:assert/strict";
import { test } from "node:test";

import { besideReplay, canGuess, canPin, initial, isLastRound, reduce, shownResult } from "../../static/js/core/state.js";
import { closed, finished, round, snapshot } from "./fixtures.js";

const PIN = { lat: 1, lng: 2 };
const run = (state, ...actions) => actions.reduce(reduce, state);
const pinned = () => run(initial(snapshot()), { type: "pin", place: PIN });

test("each snapshot opens in its phase", () => {
  assert.equal(initial(snapshot({ round: { state: "preparing", picture: null } })).phase, "preparing");
  assert.equal(initial(snapshot()).phase, "guessing");
  assert.equal(initial(closed()).phase, "result");
  assert.equal(initial(finished()).phase, "summary");
});

test("a pin can be set, moved and sent only while guessing", () => {
  const state = pinned();
  assert.deepEqual(state.pin, PIN);
  assert.ok(canGuess(state));
  const sending = run(state, { type: "sending", command: "guess" });
  assert.ok(!canGuess(sending));
  assert.equal(run(sending, { type: "pin", place: { lat: 9, lng: 9 } }).pin, state.pin);
  assert.equal(run(initial(closed()), { type: "pin", place: PIN }).pin, null);
});

test("an older snapshot changes nothing", () => {
  const state = initial(closed());
  assert.equal(run(state, { type: "snapshot", snapshot: snapshot({ version: 1 }) }).phase, "result");
});

test("the seal arrives in a broadcast and keeps the pin", () => {
  const state = run(initial(snapshot({ round: { state: "preparing", picture: null }, model: { state: "thinking", digest: null } })), {
    type: "frame",
    frame: { type: "model.sealed", version: 4, round: "r1", model: { state: "sealed", name: "PlaNet", digest: "abcd" } },
  });
  assert.equal(state.snapshot.round.model.digest, "abcd");
  assert.equal(state.snapshot.version, 4);
  assert.equal(state.stale, false);
});

test("a gap, another round or an opened round asks for a snapshot; an old frame does not", () => {
  const stale = (frame) => run(initial(snapshot()), { type: "frame", frame }).stale;
  assert.ok(stale({ type: "model.sealed", version: 6, round: "r1", model: {} }));
  assert.ok(stale({ type: "model.sealed", version: 4, round: "r9", model: {} }));
  assert.ok(stale({ type: "round.opened", version: 4, round: "r1" }));
  assert.ok(!stale({ type: "round.opened", version: 3, round: "r1" }));
});

test("a guess ends in the result, and keeps the pin until the next round", () => {
  const state = run(pinned(), { type: "sending", command: "guess" }, { type: "snapshot", snapshot: closed() });
  assert.equal(state.phase, "result");
  assert.equal(state.sending, null);
  const next = run(
    state,
    { type: "sending", command: "next" },
    { type: "snapshot", snapshot: snapshot({ version: 6, round: { id: "r2", number: 2, state: "preparing", picture: null } }) },
  );
  assert.equal(next.phase, "preparing");
  assert.equal(next.pin, null);
  assert.equal(next.sending, null);
  assert.equal(next.picture, "loading");
});

test("a broadcast meanwhile does not end a command that is on its way", () => {
  const state = run(pinned(), { type: "sending", command: "guess" }, { type: "snapshot", snapshot: snapshot({ version: 5 }) });
  assert.equal(state.sending, "guess");
  assert.deepEqual(state.pin, PIN);
});

test("the last result stays on show until it is left, even when the game is finished by then", () => {
  const state = run(pinned(), { type: "sending", command: "guess" }, { type: "snapshot", snapshot: finished() });
  assert.equal(state.phase, "result");
  assert.ok(isLastRound(state));
  assert.equal(run(state, { type: "summary" }).phase, "summary");
});

test("next after the last round leads to the summary", () => {
  const last = closed({ round: { number: 5 } });
  const state = run(initial(last), { type: "sending", command: "next" }, { type: "snapshot", snapshot: finished() });
  assert.equal(state.phase, "summary");
});

test("a failure keeps the pin and can be tried again; a fatal one ends the page", () => {
  const problem = { code: "no-answer", message: "…", retry: "guess", fatal: false };
  const state = run(pinned(), { type: "sending", command: "guess" }, { type: "failed", problem });
  assert.deepEqual(state.pin, PIN);
  assert.ok(canGuess(state));
  assert.equal(run(state, { type: "dismiss" }).problem, null);
  assert.equal(run(state, { type: "failed", problem: { ...problem, fatal: true } }).phase, "error");
});

test("the same picture is not loaded twice", () => {
  const ready = run(initial(snapshot()), { type: "picture", picture: "ready" });
  assert.equal(run(ready, { type: "snapshot", snapshot: snapshot({ version: 5 }) }).picture, "ready");
});

test("a message about a missing picture goes when the picture comes; others stay", () => {
  const problem = { code: "picture-is-there", message: "…", retry: null, fatal: false };
  const state = run(initial(snapshot()), { type: "failed", problem });
  const loading = run(state, { type: "picture", picture: "loading" });
  assert.equal(loading.problem, problem);
  assert.equal(run(loading, { type: "picture", picture: "ready" }).problem, null);
  const other = run(pinned(), { type: "failed", problem: { ...problem, code: "no-answer" } });
  assert.notEqual(run(other, { type: "picture", picture: "ready" }).problem, null);
});

test("the time of a round ends at the earliest moment that any answer tells", () => {
  const at = (left, at_ms) => ({ type: "snapshot", snapshot: snapshot({ round: { time_left_s: left } }), at_ms });
  const state = initial(snapshot({ round: { time_left_s: 30 } }), 1000);
  assert.equal(state.deadline_ms, 31_000);
  assert.equal(run(state, at(25, 5900)).deadline_ms, 30_900);
  assert.equal(run(state, at(25, 8000)).deadline_ms, 31_000);
  assert.equal(initial(snapshot()).deadline_ms, null);
  assert.equal(run(state, { type: "snapshot", snapshot: closed(), at_ms: 9000 }).deadline_ms, null);
});

test("once the time is up no pin moves, and the verdict clears it", () => {
  const timed = initial(snapshot({ round: { time_left_s: 30 } }), 0);
  const up = run(timed, { type: "pin", place: PIN }, { type: "time-up" });
  assert.ok(up.timeUp && !canPin(up));
  assert.deepEqual(run(up, { type: "pin", place: { lat: 9, lng: 9 } }).pin, PIN);
  assert.ok(canGuess(up), "the pin that was set is sent");
  const verdict = run(up, { type: "snapshot", snapshot: closed() });
  assert.equal(verdict.phase, "result");
  assert.equal(verdict.timeUp, false);
});

test("without a limit the time is never up", () => {
  assert.equal(run(initial(snapshot()), { type: "time-up" }).timeUp, false);
});

test("a finished game shows each of its rounds again, and goes back to the summary", () => {
  const results = [round(1), round(2, { points: 17 })];
  const over = initial({ ...finished(), results });
  const again = run(over, { type: "replay", number: 2 });
  assert.equal(again.phase, "result");
  assert.equal(shownResult(again).you.points, 17);
  assert.equal(run(again, { type: "summary" }).phase, "summary");
  assert.equal(run(over, { type: "replay", number: 9 }), over);
  assert.equal(run(initial(closed()), { type: "replay", number: 1 }).replay, null, "not while playing");
});

test("beside an old result are the rounds before and after it", () => {
  const over = initial({ ...finished(), results: [round(1), round(3)] });
  const last = run(over, { type: "replay", number: 3 });
  assert.equal(besideReplay(last, -1), 1);
  assert.equal(besideReplay(last, 1), null);
  assert.equal(besideReplay(over, 1), null, "nothing is looked at again");
});

test("the open result is the one of the running round", () => {
  const state = initial({ ...closed(), results: [round(1)] });
  assert.equal(shownResult(state).round, "r1");
  assert.equal(shownResult(state).picture.url, "/picture/1/");
  assert.equal(shownResult(initial(snapshot())), null);
});

test("a streak has no last round before it is over", () => {
  assert.ok(!isLastRound(initial(closed({ game: { mode: "streak", rounds_total: null } }))));
  assert.ok(isLastRound(initial(closed({ game: { mode: "streak", rounds_total: null, state: "finished" } }))));
});

test("a slow command says so until its answer comes", () => {
  const slow = run(pinned(), { type: "sending", command: "guess" }, { type: "slow" });
  assert.ok(slow.slow);
  assert.equal(run(slow, { type: "snapshot", snapshot: closed() }).slow, false);
  assert.equal(run(pinned(), { type: "slow" }).slow, false, "nothing is on its way");
});

test("a round that is ready, not open, is still being prepared for the player", () => {
  assert.equal(initial(snapshot({ round: { state: "ready", picture: null } })).phase, "preparing");
});

const untold = (game = {}, round = {}) => snapshot({ version: 4, game: { show_results: "at-end", ...game }, round: { state: "closed", outcome: "answered", ...round } });

test("a round whose result is told later is stored, and the next one opens from there", () => {
  const state = run(pinned(), { type: "sending", command: "guess" }, { type: "snapshot", snapshot: untold() });
  assert.equal(state.phase, "stored");
  assert.equal(state.sending, null);
  assert.equal(initial(untold()).phase, "stored", "after a reload too");
  const next = snapshot({ version: 6, game: { show_results: "at-end" }, round: { id: "r2", number: 2 } });
  assert.equal(run(state, { type: "sending", command: "next" }, { type: "snapshot", snapshot: next }).phase, "guessing");
});

test("at the end results are told, or never, and then nothing is summed up", () => {
  const told = { ...finished(), game: { ...finished().game, show_results: "at-end" } };
  assert.equal(initial(told).phase, "summary");
  assert.equal(initial(untold({ show_results: "never", state: "finished" }, { number: 5 })).phase, "stored");
});
