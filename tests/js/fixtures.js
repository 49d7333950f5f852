/** A game in the middle of its first round, to be bent by each test. */

export const TRUTH = { lat: 48.8584, lng: 2.2945 };

export function snapshot(changes = {}) {
  const { game = {}, round = {}, model = {}, ...rest } = changes;
  return {
    version: 3,
    server_time: "2026-11-22T20:00:00+00:00",
    next: null,
    game: {
      id: "g1",
      state: "playing",
      mode: "classic",
      condition: "fair",
      show_results: "after-round",
      time_limit_s: null,
      map: { name: "Landmarks", slug: "landmarks" },
      rounds_total: 5,
      scale_km: 14917,
      points: { you: 0, model: 0 },
      right: { you: 0, model: 0 },
      note: null,
      opponent: { name: "PlaNet", digest: "3fa9c1d2" },
      challenge: null,
      daily: null,
      ...game,
    },
    round: {
      id: "r1",
      number: 1,
      state: "open",
      condition: "fair",
      projection: "flat",
      picture: { url: "/picture/1/", width: 1000, height: 750 },
      drawn: false,
      initial_heading: 0,
      time_left_s: null,
      model: { state: "sealed", name: "PlaNet", digest: "3fa9".padEnd(64, "0"), reason: null, ...model },
      outcome: null,
      result: null,
      ...round,
    },
    results: [],
    ...rest,
  };
}

export function result(changes = {}) {
  return {
    void: null,
    truth: TRUTH,
    country: { code: "FR", name: "France" },
    you: { lat: 45, lng: 5, distance_km: 478, points: 3629, outcome: "answered", country: null, correct: null, time_used_s: 21.4 },
    model: { name: "PlaNet", lat: 50, lng: 3, distance_km: 137, points: 4561, rule: "top-cell", top_cells: [] },
    ghost: null,
    winner: "model",
    place: "Paris, France",
    author: "A. Author",
    licence: "CC BY 4.0",
    source: "",
    taken_at: null,
    drawn: false,
    withdrawn: false,
    times_seen: 0,
    seen_in_training: false,
    seal: null,
    ...changes,
  };
}

export function closed(changes = {}) {
  const shown = { id: "r1", number: 1, ...changes.round };
  const named = { ...round(shown.number), round: shown.id };
  return snapshot({ version: 4, results: [named], ...changes, round: { state: "closed", result: result(), ...changes.round } });
}

export function finished() {
  return closed({ version: 9, game: { state: "finished" }, round: { number: 5 } });
}

/** A closed round of a list, all of it like `result` but for the person's answer and what else is said. */
export function round(number, you = {}, changes = {}) {
  const base = result(changes);
  const picture = { url: `/picture/${number}/`, width: 1000, height: 750, key: "" };
  return { ...base, round: `r${number}`, number, picture, projection: "flat", condition: "fair", you: { ...base.you, ...you } };
}
