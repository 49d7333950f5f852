/**
 * A room's page as a pure reducer: (state, action) -> state. No clock, no DOM, no network.
 *
 * @import { Place } from "../types.js"
 * @import { Boot, Command, Ended, Frame, LiveRound, Match, Pending, Phase, Player, Private, Problem, RoomState, State } from "./types.js"
 *
 * @typedef {{type: "snapshot", state: RoomState, private: Private, at_ms: number}
 *   | {type: "frame", frame: Frame, at_ms: number}
 *   | {type: "pin", place: Place}
 *   | {type: "command", id: string, command: Command}
 *   | {type: "sent", id: string, at_ms: number}
 *   | {type: "answered", id: string}
 *   | {type: "refused", id: string | null, code: string, message: string}
 *   | {type: "dismiss"}
 *   | {type: "picture", picture: State["picture"], progress?: number | null}
 *   | {type: "time-up"}
 *   | {type: "connection", connection: State["connection"]}
 *   | {type: "online", online: boolean}
 *   | {type: "lobby"}
 *   | {type: "ended", ended: Ended}} Action
 */
import { add, answered, due, guessOf, isOfItsMatch, mayComeAgain, putOff, sent, unsent } from "./outbox.js";
import { clockOffset, moment } from "./timing.js";

const OVER = { kicked: "kicked", "not-a-member": "left", "room-not-found": "gone" };
// The server knows more than this page: what it says of the room is to be asked for, not to be told.
const AHEAD = new Set(["already-guessed", "round-closed", "round-not-open", "no-such-round", "not-in-lobby", "match-running", "only-watching"]);

/** @param {Boot} boot @param {number} at_ms when it came, on the page's clock @returns {State} */
export function initial(boot, at_ms) {
  /** @type {State} */
  const empty = {
    server: boot.state,
    you: boot.private.you,
    phase: "lobby",
    pin: null,
    yourGuess: boot.private.your_guess,
    outbox: [],
    offset_ms: clockOffset(null, boot.state.server_time, at_ms),
    deadline_ms: null,
    phaseEnds_ms: null,
    expected: 0,
    timeUp: false,
    picture: "loading",
    progress: null,
    connection: "opening",
    isGreeted: false,
    online: true,
    stale: false,
    problem: null,
    ended: isGone(boot.state) ? "gone" : null,
    inLobby: false,
    reactions: {},
  };
  return settle(timed(empty, null, at_ms));
}

/** @param {State} state @param {Action} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case "snapshot":
      return settle(withSnapshot(state, action.state, action.private, action.at_ms));
    case "frame":
      return settle(withFrame(state, action.frame, action.at_ms));
    case "pin":
      return canPin(state) ? { ...state, pin: action.place, problem: null } : state;
    case "command":
      return { ...state, outbox: add(state.outbox, action.id, action.command), problem: null };
    case "sent":
      return { ...state, outbox: sent(state.outbox, action.id, action.at_ms) };
    case "answered":
      return done(state, action.id);
    case "refused":
      return settle(refused(state, action));
    case "dismiss":
      return { ...state, problem: null };
    case "picture":
      return { ...state, picture: action.picture, progress: action.progress ?? null };
    case "time-up":
      return state.phase === "guessing" && state.deadline_ms !== null ? { ...state, timeUp: true } : state;
    case "connection":
      return connected(state, action.connection);
    case "online":
      return { ...state, online: action.online };
    case "lobby":
      return settle({ ...state, inLobby: true });
    case "ended":
      return settle({ ...state, ended: action.ended });
  }
}

// --- What follows from a state -------------------------------------------------------------------

/** @param {State} state @returns {LiveRound | null} */
export function roundOf({ server }) {
  return server.match?.round ?? null;
}

/** @param {State} state @returns {Player | undefined} */
export function you({ server, you: { id } }) {
  return server.players.find((player) => player.id === id);
}

/** Has a place in the match; who came while one runs watches it. @param {State} state */
export function isPlaying(state) {
  return you(state)?.playing === true;
}

/** The server does not hear this page now. @param {State} state */
export function isLost({ online, connection }) {
  return !online || connection === "lost";
}

/** No spectator. @param {State} state */
export function isPlayer(state) {
  return state.you.role === "player";
}

/** The guess is with the server, or on its way. @param {State} state */
export function isLocked(state) {
  return state.yourGuess !== null || guessOf(state.outbox) !== undefined || you(state)?.locked === true;
}

/** @param {State} state */
export function canPin(state) {
  return state.phase === "guessing" && isPlaying(state) && !isLocked(state) && !state.timeUp;
}

/** @param {State} state */
export function canGuess(state) {
  return state.phase === "guessing" && isPlaying(state) && !isLocked(state) && state.pin !== null;
}

/** Who takes part in the match that is shown, or would in the one to come. @param {State} state */
export function contenders({ phase, server: { players, match } }) {
  return players.filter(({ playing, role, left }) => (phase === "lobby" || !match ? role === "player" && !left : playing));
}

/** The people whose guess the round still waits for. @param {State} state */
export function awaited(state) {
  return contenders(state).filter(({ kind, locked, left }) => kind !== "model" && !locked && !left);
}

/** Best first: by health in a duel, else by points. @param {State} state */
export function standing(state) {
  const isDuel = state.server.room.kind === "duel";
  const worth = (/** @type {Player} */ player) => (isDuel ? (player.health ?? 0) : player.points);
  return [...contenders(state)].sort((a, b) => worth(b) - worth(a) || b.points - a.points);
}

/** @param {State} state @param {string | null} id */
export function playerBy({ server: { players } }, id) {
  return players.find((player) => player.id === id);
}

/**
 * What a live socket should send now. A new one begins with a snapshot: before it, nobody knows whether the match for
 * which a button was pressed is over.
 * @param {State} state @param {number} now_ms @returns {Pending[]}
 */
export function toSend({ outbox, isGreeted }, now_ms) {
  return due(outbox, now_ms).filter((pending) => isGreeted || !isOfItsMatch(pending));
}

// --- Changes -----------------------------------------------------------------------------------------

/** @param {State} state @param {RoomState} server @param {Private} own @param {number} at_ms @returns {State} */
function withSnapshot(state, server, own, at_ms) {
  if (server.version < state.server.version) return state;
  const next = withServer(state, server, at_ms);
  return { ...next, you: own.you, yourGuess: own.your_guess, stale: false };
}

/** @param {State} state @param {Frame} frame @param {number} at_ms @returns {State} */
function withFrame(state, frame, at_ms) {
  switch (frame.type) {
    case "snapshot":
      return { ...withSnapshot(state, frame.state, frame.private, at_ms), isGreeted: true };
    case "room.changed":
      return withChange(state, frame.state, at_ms);
    case "ack":
      return { ...done(state, frame.id), expected: Math.max(state.expected, frame.version) };
    case "error":
      return failed(state, frame, at_ms);
    case "reaction":
      return withReaction(state, frame);
    case "kicked":
      return { ...state, ended: "kicked" };
    case "pong":
      return state;
  }
}

/** The state is whole; what only this player is told was perhaps missed in a gap. @param {State} state @param {RoomState} server @param {number} at_ms @returns {State} */
function withChange(state, server, at_ms) {
  const before = state.server.version;
  if (server.version <= before) return state;
  const next = withServer(state, server, at_ms);
  return server.version > before + 1 || isLockedElsewhere(next) ? { ...next, stale: true } : next;
}

/** The guess came from another window of the same player: only a snapshot tells where it lies. @param {State} state */
function isLockedElsewhere(state) {
  return you(state)?.locked === true && state.yourGuess === null && guessOf(state.outbox) === undefined;
}

/** @param {State} state @param {RoomState} server @param {number} at_ms @returns {State} */
function withServer(state, server, at_ms) {
  const [before, after] = [state.server.match, server.match];
  const isNewRound = before?.round?.id !== after?.round?.id;
  const justClosed = after?.phase !== "guessing" && before?.phase === "guessing";
  const hasNewPicture = isNewRound || before?.round?.picture?.url !== after?.round?.picture?.url;
  const isHost = server.room.host === state.you.id;
  const role = server.players.find(({ id }) => id === state.you.id)?.role ?? state.you.role;
  const next = {
    ...state,
    server,
    you: { ...state.you, is_host: isHost, role },
    pin: isNewRound ? null : state.pin,
    yourGuess: isNewRound ? null : state.yourGuess,
    outbox: stillMeant(state.outbox, { isOtherRound: isNewRound || justClosed, isOtherMatch: isOtherMatch(state.server, server) }),
    problem: isNewRound || justClosed ? null : state.problem,
    picture: hasNewPicture ? /** @type {const} */ ("loading") : state.picture,
    progress: hasNewPicture ? null : state.progress,
    timeUp: isNewRound || justClosed ? false : state.timeUp,
    ended: isGone(server) ? /** @type {const} */ ("gone") : state.ended,
    inLobby: state.inLobby && server.room.state !== "playing",
  };
  return timed(next, before, at_ms);
}

/** A closed room still shows how its match ended. @param {RoomState} server */
function isGone({ room, match }) {
  return room.closed && match?.phase !== "finished";
}

/** @param {RoomState} before @param {RoomState} after */
function isOtherMatch(before, after) {
  return before.match?.game !== after.match?.game || before.room.state !== after.room.state;
}

/**
 * A guess whose round is over would only be refused; a button that was pressed for one match would begin another.
 * @param {Pending[]} outbox @param {{isOtherRound: boolean, isOtherMatch: boolean}} changes
 */
function stillMeant(outbox, changes) {
  const isOver = (/** @type {Pending} */ pending) =>
    (changes.isOtherRound && pending.command.type === "guess") || (changes.isOtherMatch && isOfItsMatch(pending));
  return outbox.some(isOver) ? outbox.filter((pending) => !isOver(pending)) : outbox;
}

/** @param {State} state @param {Match | null} before @param {number} at_ms @returns {State} */
function timed(state, before, at_ms) {
  const { match, server_time } = state.server;
  const offset_ms = clockOffset(state.offset_ms, server_time, at_ms);
  const isSame = before !== null && before.phase === match?.phase && before.round?.id === match.round?.id;
  const left_s = match?.phase === "guessing" ? (match.round?.time_left_s ?? null) : null;
  return {
    ...state,
    offset_ms,
    deadline_ms: moment(isSame ? state.deadline_ms : null, left_s, server_time, offset_ms),
    phaseEnds_ms: moment(isSame ? state.phaseEnds_ms : null, match?.phase_ends_in_s ?? null, server_time, offset_ms),
  };
}

/** @param {State} state @param {string} id @returns {State} */
function done(state, id) {
  const guess = guessOf(state.outbox);
  const isGuess = guess?.id === id;
  const { outbox } = state;
  const place = isGuess ? { lat: guess.command.lat, lng: guess.command.lng } : state.yourGuess;
  return { ...state, outbox: answered(outbox, id), yourGuess: place };
}

/** @param {State} state @param {{id: string | null, code: string, message: string}} error @param {number} at_ms @returns {State} */
function failed(state, error, at_ms) {
  const { id, code } = error;
  return mayComeAgain(state.outbox, id, code) ? { ...state, outbox: putOff(state.outbox, id, at_ms) } : refused(state, error);
}

/** @param {State} state @param {{id: string | null, code: string, message: string}} error @returns {State} */
function refused(state, { id, code, message }) {
  const ended = OVER[/** @type {keyof typeof OVER} */ (code)];
  const outbox = answered(state.outbox, id);
  if (ended) return { ...state, outbox, ended: /** @type {Ended} */ (ended) };
  const isAhead = AHEAD.has(code);
  /** @type {Problem | null} */
  const problem = isAhead ? state.problem : { code, message };
  return { ...state, outbox, problem, stale: state.stale || isAhead };
}

/** @param {State} state @param {{from: string, reaction: string}} frame @returns {State} */
function withReaction(state, { from, reaction }) {
  const number = (state.reactions[from]?.number ?? 0) + 1;
  return { ...state, reactions: { ...state.reactions, [from]: { reaction, number } } };
}

/** @param {State} state @param {State["connection"]} connection @returns {State} */
function connected(state, connection) {
  // Over a new socket every command goes once more; the server does none of them twice.
  return { ...state, connection, isGreeted: false, outbox: connection === "live" ? unsent(state.outbox) : state.outbox };
}

/** @param {State} state @returns {State} */
function settle(state) {
  const phase = phaseOf(state);
  return phase === state.phase ? state : { ...state, phase };
}

/** @param {State} state @returns {Phase} */
function phaseOf({ ended, inLobby, server: { room, match } }) {
  if (ended) return "error";
  if (room.state === "lobby" || match === null || inLobby) return "lobby";
  if (match.phase === "finished") return "summary";
  if (match.phase === "result") return "result";
  return match.phase === "guessing" ? "guessing" : "preparing";
}
