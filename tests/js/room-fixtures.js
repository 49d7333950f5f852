/** A room in the middle of a round, to be bent by each test. */

export const ADA = "p-ada";
export const BEN = "p-ben";
export const PLANET = "p-planet";

export function player(id, changes = {}) {
  return {
    id,
    number: 1,
    name: id.slice(2),
    is_guest: false,
    kind: "person",
    role: "player",
    ready: false,
    connected: true,
    left: false,
    playing: true,
    locked: false,
    points: 0,
    health: null,
    ...changes,
  };
}

export function round(changes = {}) {
  return {
    id: "r1",
    number: 1,
    condition: "fair",
    projection: "flat",
    multiplier: 1,
    time_left_s: 60,
    ends_early: false,
    picture: { url: "/picture/1/", width: 800, height: 600, key: "" },
    drawn: false,
    initial_heading: 0,
    model: { state: "sealed", name: "PlaNet", digest: "3fa9".padEnd(64, "0"), reason: null },
    ...changes,
  };
}

export function result(changes = {}) {
  return {
    round: "r1",
    number: 1,
    multiplier: 1,
    condition: "fair",
    projection: "flat",
    picture: round().picture,
    truth: { lat: 48.86, lng: 2.29 },
    country: { code: "FR", name: "France" },
    place: "Paris, France",
    author: "A. Author",
    licence: "CC0",
    source: "",
    taken_at: null,
    drawn: false,
    guesses: [
      { id: ADA, lat: 45, lng: 5, distance_km: 478, points: 3629, damage: 0, health: null, outcome: "answered" },
      { id: BEN, lat: null, lng: null, distance_km: null, points: 0, damage: 0, health: null, outcome: "timeout" },
      { id: PLANET, lat: 50, lng: 3, distance_km: 137, points: 4561, damage: 0, health: null, outcome: "answered" },
    ],
    crowd: null,
    winner: PLANET,
    seal: null,
    void: null,
    ...changes,
  };
}

export function match(changes = {}) {
  return {
    game: "g1",
    rounds_total: 2,
    scale_km: 14917,
    phase: "guessing",
    phase_ends_in_s: 60,
    note: null,
    round: round(),
    next: null,
    result: null,
    results: [],
    crowd_points: null,
    winner: null,
    ...changes,
  };
}

export function room(changes = {}) {
  return {
    code: "ABC234",
    kind: "room",
    state: "playing",
    closed: false,
    host: ADA,
    is_quick: false,
    settings: {
      map: { slug: "europe", name: "Europe", drawn: false },
      condition: "fair",
      time_limit_s: 60,
      rounds_total: 2,
      model: { name: "PlaNet", digest: "3fa9c1d2" },
    },
    ...changes,
  };
}

export function state(changes = {}) {
  return {
    version: 7,
    server_time: "2026-11-22T20:00:00.000+00:00",
    room: room(),
    players: [player(ADA), player(BEN, { number: 2 }), player(PLANET, { number: 0, kind: "model" })],
    match: match(),
    ...changes,
  };
}

export function lobby(changes = {}) {
  const players = [player(ADA, { playing: false }), player(BEN, { number: 2, playing: false })];
  return state({ room: room({ state: "lobby" }), match: null, players, ...changes });
}

export function closed(changes = {}) {
  const points = { [ADA]: 3629, [BEN]: 0, [PLANET]: 4561 };
  const short = { number: 1, multiplier: 1, points, damage: {}, health: {}, crowd_points: null, winner: PLANET, void: false };
  return state({ version: 8, match: match({ phase: "result", phase_ends_in_s: 7, result: result(), results: [short], ...changes }) });
}

export const PRIVATE = { you: { id: ADA, role: "player", is_host: true }, your_guess: null };
export const BOOT = { urls: {}, choices: {}, csrf_token: "x" };
