/**
 * The shapes that travel between server and page, and the page's own state.
 * Only types: importing this module runs nothing.
 *
 * @typedef {{lat: number, lng: number}} Place
 * @typedef {{lat: number, lng: number, probability: number}} TopCell
 *
 * @typedef {object} Answer            One player's guess, measured by the server.
 * @property {number | null} lat       null: no guess was made
 * @property {number | null} lng
 * @property {number | null} distance_km
 * @property {number} points
 *
 * @typedef {object} ModelFields
 * @property {string} name
 * @property {string} rule             how a point came from the distribution, e.g. "top-cell"
 * @property {TopCell[]} top_cells     most probable first
 * @typedef {Answer & ModelFields} ModelAnswer
 *
 * @typedef {{digest: string, preimage: string}} Seal
 *
 * @typedef {object} Result            What is revealed once a round is closed.
 * @property {Place} truth
 * @property {Answer} you
 * @property {ModelAnswer | null} model
 * @property {"you" | "model" | "tie" | "nobody"} winner
 * @property {string | null} place     "Lyon, France"
 * @property {string} author
 * @property {string} licence
 * @property {string} source           a URL, a sentence or ""
 * @property {string | null} taken_at
 * @property {boolean} drawn           drawn from facts, not photographed
 * @property {number} times_seen       0: the first time
 * @property {boolean | null} seen_in_training
 * @property {Seal | null} seal
 *
 * @typedef {Result & {number: number, picture_url: string}} ClosedRound
 *
 * @typedef {object} RoundModel
 * @property {"thinking" | "sealed" | "absent"} state
 * @property {string | null} name
 * @property {string | null} digest    SHA-256 in hex
 * @property {string | null} reason    a sentence, when absent
 *
 * @typedef {object} Round
 * @property {string} id
 * @property {number} number           from 1
 * @property {"preparing" | "open" | "closed"} state
 * @property {"fair" | "free"} condition
 * @property {"flat" | "equirectangular"} projection
 * @property {{url: string, width: number, height: number} | null} picture
 * @property {boolean} drawn           drawn from facts, not photographed
 * @property {number} initial_heading  degrees
 * @property {RoundModel} model
 * @property {Result | null} result
 *
 * @typedef {object} Game
 * @property {string} id
 * @property {"playing" | "finished"} state
 * @property {{name: string, slug: string}} map
 * @property {number} rounds_total
 * @property {number} scale_km
 * @property {{you: number, model: number | null}} points
 * @property {string | null} note
 *
 * @typedef {{version: number, game: Game, round: Round, results: ClosedRound[]}} Snapshot
 *
 * @typedef {{snapshot: string, guess: string, next: string, socket: string, home: string, again: string, learn: string}} Urls
 * @typedef {{snapshot: Snapshot, urls: Urls, csrf_token: string}} Boot
 *
 * @typedef {{type: "snapshot", version: number, snapshot: Snapshot}
 *   | {type: "model.sealed", version: number, round: string, model: Partial<RoundModel>}
 *   | {type: "round.opened", version: number, round: string}} Frame
 *
 * @typedef {"preparing" | "guessing" | "result" | "summary" | "error"} Phase
 * @typedef {"guess" | "next"} Command
 * @typedef {{code: string, message: string, retry: Command | null, fatal: boolean}} Problem
 *
 * @typedef {object} State             All that the page knows; only `reduce` makes a new one.
 * @property {Snapshot} snapshot
 * @property {Phase} phase             follows from the rest
 * @property {Place | null} pin        the person's pin for the running round
 * @property {Command | null} sending  a command on its way
 * @property {Problem | null} problem  what went wrong last, in a sentence
 * @property {"loading" | "ready" | "failed"} picture
 * @property {"connecting" | "live" | "polling"} connection
 * @property {boolean} online          what the browser says of the network
 * @property {boolean} stale           a broadcast was missed: a snapshot is wanted
 * @property {string | null} reviewing id of the closed round still on show
 */
export {};
