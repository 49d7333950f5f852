/**
 * The game page as a pure reducer: (state, action) -> state. No clock, no DOM, no network.
 *
 * @import { ClosedRound, Command, Frame, Phase, Place, Problem, RoundModel, Snapshot, State } from "../types.js"
 *
 * @typedef {{type: "snapshot", snapshot: Snapshot, at_ms?: number}
 *   | {type: "frame", frame: Frame, at_ms?: number}
 *   | {type: "pin", place: Place}
 *   | {type: "sending", command: Command}
 *   | {type: "slow"}
 *   | {type: "failed", problem: Problem}
 *   | {type: "dismiss"}
 *   | {type: "picture", picture: State["picture"], progress?: number | null}
 *   | {type: "time-up"}
 *   | {type: "connection", connection: State["connection"]}
 *   | {type: "online", online: boolean}
 *   | {type: "replay", number: number}
 *   | {type: "summary"}} Action
 */
import { deadline } from "./timer.js";

/** @param {Snapshot} snapshot @param {number} [at_ms] when it came, on the monotonic clock @returns {State} */
export function initial(snapshot, at_ms = 0) {
  return settle({
    snapshot,
    phase: "preparing",
    pin: null,
    sending: null,
    slow: false,
    problem: null,
    picture: "loading",
    progress: null,
    deadline_ms: deadlineOf(null, snapshot, at_ms),
    timeUp: false,
    connection: "connecting",
    online: true,
    stale: false,
    // A reload after the last round goes to the summary; before it, back to the open result.
    reviewing: snapshot.game.state === "playing" && snapshot.round.state === "closed" ? snapshot.round.id : null,
    replay: null,
  });
}

/** @param {State} state @param {Action} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case "snapshot":
      return settle(withSnapshot(state, action.snapshot, action.at_ms ?? Infinity));
    case "frame":
      return settle(withFrame(state, action.frame, action.at_ms ?? Infinity));
    case "pin":
      return canPin(state) ? { ...state, pin: action.place, problem: null } : state;
    case "sending":
      return { ...state, sending: action.command, slow: false, problem: null };
    case "slow":
      return state.sending ? { ...state, slow: true } : state;
    case "failed":
      return settle({ ...state, sending: null, slow: false, problem: action.problem });
    case "dismiss":
      return { ...state, problem: null };
    case "picture":
      return { ...state, picture: action.picture, progress: action.progress ?? null, problem: problemOnceShown(state, action) };
    case "time-up":
      return state.phase === "guessing" && state.deadline_ms !== null ? { ...state, timeUp: true, problem: null } : state;
    case "connection":
      return { ...state, connection: action.connection };
    case "online":
      return { ...state, online: action.online };
    case "replay":
      return canReplay(state, action.number) ? settle({ ...state, replay: action.number, reviewing: null }) : state;
    case "summary":
      return settle({ ...state, reviewing: null, replay: null });
  }
}

/** What a message said of a picture that did not come is past when it has come. @param {State} state @param {{picture: State["picture"]}} action */
function problemOnceShown({ problem }, { picture }) {
  return picture === "ready" && problem?.code === "picture-is-there" ? null : problem;
}

/** @param {State} state */
export function canPin(state) {
  return state.phase === "guessing" && state.sending === null && !state.timeUp;
}

/** @param {State} state */
export function canGuess(state) {
  return state.phase === "guessing" && state.sending === null && state.pin !== null;
}

/** @param {State} state */
export function isLastRound(state) {
  const { game, round } = state.snapshot;
  return game.state === "finished" || (game.rounds_total !== null && round.number >= game.rounds_total);
}

/** The result on show: of the round just closed, or one that is looked at again. @param {State} state @returns {ClosedRound | null} */
export function shownResult({ phase, replay, snapshot: { round, results } }) {
  if (phase !== "result") return null;
  if (replay !== null) return results.find(({ number }) => number === replay) ?? null;
  return results.find((result) => result.round === round.id) ?? null;
}

/** Closed rounds tell how they ended when the game is over, or later. @param {Snapshot["game"]} game */
export function tellsLater({ show_results }) {
  return show_results !== "after-round";
}

/** Rounds where the country is guessed have no points. @param {Snapshot["game"]} game */
export function countsCountries({ mode }) {
  return mode === "country" || mode === "streak";
}

/** @param {State} state @param {number} number */
function canReplay(state, number) {
  return state.snapshot.game.state === "finished" && state.snapshot.results.some((result) => result.number === number);
}

/** Number of the round before or after the one that is looked at again. @param {State} state @param {-1 | 1} step @returns {number | null} */
export function besideReplay({ replay, snapshot: { results } }, step) {
  const here = results.findIndex(({ number }) => number === replay);
  return here === -1 ? null : (results[here + step]?.number ?? null);
}

/** @param {State} state @param {Snapshot} snapshot @param {number} at_ms @returns {State} */
function withSnapshot(state, snapshot, at_ms) {
  if (snapshot.version < state.snapshot.version) return state;
  const before = state.snapshot.round;
  const after = snapshot.round;
  const isNewRound = after.id !== before.id;
  const justClosed = after.state === "closed" && (isNewRound || before.state !== "closed");
  const movedOn = isNewRound || (snapshot.game.state === "finished" && state.sending === "next");
  const isDone = commandDone(state, snapshot);
  const hasNewPicture = isNewRound || after.picture?.url !== before.picture?.url;
  return {
    ...state,
    snapshot,
    sending: isDone ? null : state.sending,
    slow: isDone ? false : state.slow,
    problem: isNewRound || justClosed ? null : state.problem,
    stale: false,
    pin: isNewRound ? null : state.pin,
    picture: hasNewPicture ? "loading" : state.picture,
    progress: hasNewPicture ? null : state.progress,
    deadline_ms: deadlineOf(isNewRound ? null : state.deadline_ms, snapshot, at_ms),
    timeUp: isNewRound || justClosed ? false : state.timeUp,
    reviewing: justClosed ? after.id : movedOn ? null : state.reviewing,
  };
}

/** @param {number | null} before @param {Snapshot} snapshot @param {number} at_ms */
function deadlineOf(before, { round }, at_ms) {
  return round.state === "open" ? deadline(before, round.time_left_s, at_ms) : null;
}

/**
 * A broadcast in between (another tab, a late frame) must not end a command that is still on its way.
 * @param {State} state @param {Snapshot} snapshot
 */
function commandDone(state, snapshot) {
  const hasMoved = snapshot.round.id !== state.snapshot.round.id;
  if (state.sending === "next") return hasMoved || snapshot.game.state === "finished";
  return hasMoved || snapshot.round.state === "closed";
}

/** @param {State} state @param {Frame} frame @param {number} at_ms @returns {State} */
function withFrame(state, frame, at_ms) {
  if (frame.type === "snapshot") return withSnapshot(state, frame.snapshot, at_ms);
  const version = state.snapshot.version;
  if (frame.version <= version) return state;
  const { round } = state.snapshot;
  if (frame.type === "model.sealed" && frame.version === version + 1 && frame.round === round.id) {
    /** @type {RoundModel} */
    const model = { ...round.model, ...frame.model };
    return { ...state, snapshot: { ...state.snapshot, version: frame.version, round: { ...round, model } } };
  }
  return { ...state, stale: true };
}

/** @param {State} state @returns {State} */
function settle(state) {
  const phase = phaseOf(state);
  return phase === state.phase ? state : { ...state, phase };
}

/** @param {State} state @returns {Phase} */
function phaseOf(state) {
  const { game, round } = state.snapshot;
  if (state.problem?.fatal) return "error";
  if (state.replay !== null) return "result";
  if (round.state === "closed" && round.result && state.reviewing === round.id) return "result";
  if (round.state === "closed" && !round.result && tellsLater(game)) return "stored";
  if (game.state === "finished") return "summary";
  if (round.state === "closed") return round.result ? "result" : "preparing";
  return round.state === "open" ? "guessing" : "preparing";
}
