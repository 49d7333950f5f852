/**
 * The game page as a pure reducer: (state, action) -> state. No clock, no DOM, no network.
 *
 * @import { Command, Frame, Phase, Place, Problem, RoundModel, Snapshot, State } from "../types.js"
 *
 * @typedef {{type: "snapshot", snapshot: Snapshot}
 *   | {type: "frame", frame: Frame}
 *   | {type: "pin", place: Place}
 *   | {type: "sending", command: Command}
 *   | {type: "failed", problem: Problem}
 *   | {type: "dismiss"}
 *   | {type: "picture", picture: State["picture"]}
 *   | {type: "connection", connection: State["connection"]}
 *   | {type: "online", online: boolean}
 *   | {type: "summary"}} Action
 */

/** @param {Snapshot} snapshot @returns {State} */
export function initial(snapshot) {
  return settle({
    snapshot,
    phase: "preparing",
    pin: null,
    sending: null,
    problem: null,
    picture: "loading",
    connection: "connecting",
    online: true,
    stale: false,
    // A reload after the last round goes to the summary; before it, back to the open result.
    reviewing: snapshot.game.state === "playing" && snapshot.round.state === "closed" ? snapshot.round.id : null,
  });
}

/** @param {State} state @param {Action} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case "snapshot":
      return settle(withSnapshot(state, action.snapshot));
    case "frame":
      return settle(withFrame(state, action.frame));
    case "pin":
      return canPin(state) ? { ...state, pin: action.place, problem: null } : state;
    case "sending":
      return { ...state, sending: action.command, problem: null };
    case "failed":
      return settle({ ...state, sending: null, problem: action.problem });
    case "dismiss":
      return { ...state, problem: null };
    case "picture":
      return { ...state, picture: action.picture };
    case "connection":
      return { ...state, connection: action.connection };
    case "online":
      return { ...state, online: action.online };
    case "summary":
      return settle({ ...state, reviewing: null });
  }
}

/** @param {State} state */
export function canPin(state) {
  return state.phase === "guessing" && state.sending === null;
}

/** @param {State} state */
export function canGuess(state) {
  return canPin(state) && state.pin !== null;
}

/** @param {State} state */
export function isLastRound(state) {
  const { game, round } = state.snapshot;
  return game.state === "finished" || round.number >= game.rounds_total;
}

/** @param {State} state @param {Snapshot} snapshot @returns {State} */
function withSnapshot(state, snapshot) {
  if (snapshot.version < state.snapshot.version) return state;
  const before = state.snapshot.round;
  const after = snapshot.round;
  const isNewRound = after.id !== before.id;
  const justClosed = after.state === "closed" && (isNewRound || before.state !== "closed");
  const movedOn = isNewRound || (snapshot.game.state === "finished" && state.sending === "next");
  return {
    ...state,
    snapshot,
    sending: commandDone(state, snapshot) ? null : state.sending,
    problem: isNewRound || justClosed ? null : state.problem,
    stale: false,
    pin: isNewRound ? null : state.pin,
    picture: isNewRound || after.picture?.url !== before.picture?.url ? "loading" : state.picture,
    reviewing: justClosed ? after.id : movedOn ? null : state.reviewing,
  };
}

/**
 * A broadcast in between (another tab, a late frame) must not end a command that is still on its way.
 * @param {State} state @param {Snapshot} snapshot
 */
function commandDone(state, snapshot) {
  if (state.sending === "guess") return snapshot.round.id !== state.snapshot.round.id || snapshot.round.state === "closed";
  return snapshot.round.id !== state.snapshot.round.id || snapshot.game.state === "finished";
}

/** @param {State} state @param {Frame} frame @returns {State} */
function withFrame(state, frame) {
  if (frame.type === "snapshot") return withSnapshot(state, frame.snapshot);
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
  if (round.state === "closed" && round.result && state.reviewing === round.id) return "result";
  if (game.state === "finished") return "summary";
  if (round.state === "closed") return round.result ? "result" : "preparing";
  return round.state === "open" ? "guessing" : "preparing";
}
