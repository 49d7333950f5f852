/**
 * What travels between server and page in an album round. Only types: importing this module runs nothing.
 *
 * @import { Place } from "../types.js"
 *
 * @typedef {"person" | "single" | "album"} Side   you; PlaNet photo by photo; PlaNet with the album
 *
 * @typedef {object} Photo
 * @property {number} number           from 1, in the order of time
 * @property {boolean} shown
 * @property {boolean} gone            withdrawn: it counts for nobody
 * @property {{url: string, width: number, height: number} | null} picture
 * @property {number | null} gap_h     hours since the photo before, where both times are known
 * @property {Place | null} pin
 * @property {number} moves
 *
 * @typedef {{side: Side, model: string, variant: string, digest: string}} SealedSide
 * @typedef {{state: "thinking" | "sealed" | "absent", reason: string | null, sides: SealedSide[]}} Models
 *
 * @typedef {{lat: number, lng: number, distance_km: number | null, points: number, first_distance_km: number | null}} Answer
 *
 * @typedef {object} Told              A photo, once the album is handed in.
 * @property {number} number
 * @property {Place} truth
 * @property {string | null} place
 * @property {string | null} taken_at
 * @property {boolean} cueless         it shows nothing of its place
 * @property {string} author
 * @property {string} licence
 * @property {string} source
 * @property {Record<Side, Answer | null>} answers
 *
 * @typedef {{photos: number, points: number, median_km: number}} Total
 *
 * @typedef {object} Help              What the album changed for the model, or second thoughts for you.
 * @property {number} photos
 * @property {number} changed
 * @property {number} nearer
 * @property {number} farther
 * @property {number} points_before
 * @property {number} points_after
 * @property {number} median_before_km
 * @property {number} median_after_km
 *
 * @typedef {object} Result
 * @property {Told[]} photos
 * @property {Record<Side, Total | null>} totals
 * @property {"you" | "single" | "album" | "tie" | "nobody"} winner
 * @property {{model: Help | null, you: Help | null}} help
 * @property {number} times_seen
 * @property {{side: Side, digest: string, preimage: string}[]} seals
 *
 * @typedef {object} Snapshot
 * @property {string} id
 * @property {"preparing" | "open" | "closed"} state
 * @property {string} map
 * @property {boolean} drawn
 * @property {number} scale_km
 * @property {Models} model
 * @property {Photo[]} photos
 * @property {Result | null} result
 *
 * @typedef {object} Boot
 * @property {Snapshot} snapshot
 * @property {Record<"snapshot" | "pin" | "next" | "hand_in" | "home" | "albums" | "start", string>} urls
 * @property {string} csrf_token
 */
export {};
