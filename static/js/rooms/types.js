/**
 * The shapes that travel between server and a room's page, and the page's own state.
 * Only types: importing this module runs nothing.
 *
 * @import { Country, Next, PictureFile, Place, Round, RoundModel, Seal } from "../types.js"
 *
 * @typedef {"duel" | "room" | "crowd"} Kind
 * @typedef {"player" | "spectator"} Role
 *
 * @typedef {object} Settings
 * @property {{slug: string, name: string, drawn: boolean}} map
 * @property {"fair" | "free"} condition
 * @property {number | null} time_limit_s   null: duels without a clock, but for the server's own limit
 * @property {number} rounds_total          of a duel: at most
 * @property {{name: string, digest: string} | null} model
 *
 * @typedef {object} Room
 * @property {string} code
 * @property {Kind} kind
 * @property {"lobby" | "playing" | "finished"} state
 * @property {boolean} closed               nobody can do anything here any more
 * @property {string} host                  id of a player
 * @property {boolean} is_quick             found by quick match
 * @property {Settings} settings
 *
 * @typedef {object} Player
 * @property {string} id                    of this room alone
 * @property {number} number                in the order of coming: tells guests apart
 * @property {string} name
 * @property {boolean} is_guest
 * @property {"person" | "model" | "bot"} kind
 * @property {Role} role
 * @property {boolean} ready
 * @property {boolean} connected
 * @property {boolean} left
 * @property {boolean} playing              has a place in the match; who joins later waits for the next
 * @property {boolean} locked               has guessed in the open round
 * @property {number} points
 * @property {number | null} health         of duels
 *
 * @typedef {object} LiveRound
 * @property {string} id
 * @property {number} number                from 1
 * @property {"fair" | "free"} condition
 * @property {Round["projection"]} projection
 * @property {number} initial_heading
 * @property {number} multiplier            of the damage, in duels
 * @property {number | null} time_left_s    at server_time
 * @property {boolean} ends_early           somebody has locked in: the others have 15 seconds
 * @property {PictureFile | null} picture
 * @property {boolean} drawn
 * @property {RoundModel} model
 *
 * @typedef {object} LiveGuess
 * @property {string} id                    of the player
 * @property {number | null} lat            null: no guess
 * @property {number | null} lng
 * @property {number | null} distance_km
 * @property {number} points
 * @property {number} damage                taken, in duels
 * @property {number | null} health         after it
 * @property {string | null} outcome
 *
 * @typedef {{lat: number, lng: number, distance_km: number, points: number}} CrowdGuess
 *
 * @typedef {object} LiveResult
 * @property {string} round
 * @property {number} number
 * @property {number} multiplier
 * @property {"fair" | "free"} condition
 * @property {PictureFile} picture
 * @property {Place} truth
 * @property {Country | null} country
 * @property {string | null} place
 * @property {string} author
 * @property {string} licence
 * @property {string} source
 * @property {string | null} taken_at
 * @property {boolean} drawn
 * @property {LiveGuess[]} guesses
 * @property {CrowdGuess | null} crowd
 * @property {string | null} winner         id of a player, "crowd" or "draw"
 * @property {Seal | null} seal
 * @property {string | null} void           why the round does not count
 *
 * @typedef {object} ShortResult
 * @property {number} number
 * @property {number} multiplier
 * @property {Record<string, number>} points   by id of the player
 * @property {Record<string, number>} damage
 * @property {Record<string, number>} health   after the round
 * @property {number | null} crowd_points
 * @property {string | null} winner
 * @property {boolean} void
 *
 * @typedef {object} Match
 * @property {string} game
 * @property {number} rounds_total
 * @property {"intro" | "preparing" | "guessing" | "result" | "finished"} phase
 * @property {number | null} phase_ends_in_s
 * @property {LiveRound | null} round
 * @property {string | null} note
 * @property {Next | null} next             the picture that can travel ahead
 * @property {LiveResult | null} result
 * @property {ShortResult[]} results        every closed round
 * @property {number | null} crowd_points
 * @property {string | null} winner
 *
 * @typedef {{version: number, server_time: string, room: Room, players: Player[], match: Match | null}} RoomState
 * @typedef {{you: {id: string, role: Role, is_host: boolean}, your_guess: Place | null}} Private
 *
 * @typedef {{type: "ready", ready: boolean}
 *   | {type: "settings"} & Record<string, unknown>
 *   | {type: "start" | "rematch" | "leave"}
 *   | {type: "guess", round: string, lat: number, lng: number}
 *   | {type: "kick", player: string}
 *   | {type: "react", reaction: string}} Command
 * @typedef {{id: string, command: Command, due_ms: number, refusals: number}} Pending   due_ms: when to send it; 0: at once
 *
 * @typedef {{type: "snapshot", version: number, state: RoomState, private: Private}
 *   | {type: "room.changed", version: number, state: RoomState}
 *   | {type: "ack", id: string, version: number}
 *   | {type: "error", id: string | null, code: string, message: string}
 *   | {type: "reaction", from: string, reaction: string}
 *   | {type: "kicked"}
 *   | {type: "pong"}} Frame
 *
 * @typedef {"lobby" | "preparing" | "guessing" | "result" | "summary" | "error"} Phase
 * @typedef {"kicked" | "left" | "gone"} Ended
 * @typedef {{code: string, message: string}} Problem
 * @typedef {{reaction: string, number: number}} Reaction   number: rises, so that the same one twice is two
 *
 * @typedef {object} State             All that the page knows; only `reduce` makes a new one.
 * @property {RoomState} server
 * @property {Private["you"]} you
 * @property {Phase} phase             follows from the rest
 * @property {Place | null} pin        set, and not sent yet or sent just now
 * @property {Place | null} yourGuess  the server has it
 * @property {Pending[]} outbox        commands that the server has not answered yet
 * @property {number} offset_ms        server's clock less the page's own
 * @property {number | null} deadline_ms   when the time for guesses is up, on the page's clock
 * @property {number | null} phaseEnds_ms  when intro or result end
 * @property {number} expected         version that an acknowledgement told of
 * @property {boolean} timeUp
 * @property {"loading" | "slow" | "ready" | "failed"} picture
 * @property {number | null} progress
 * @property {"opening" | "live" | "lost"} connection
 * @property {boolean} isGreeted       the snapshot with which this socket begins has come
 * @property {boolean} online
 * @property {boolean} stale           a broadcast was missed
 * @property {Problem | null} problem
 * @property {Ended | null} ended
 * @property {boolean} inLobby         after a match: back to the lobby, by this player's own choice
 * @property {Record<string, Reaction>} reactions  the latest of each player
 *
 * @typedef {{maps: {slug: string, name: string}[], models: {digest: string, name: string}[], times: number[], rounds: number[]}} Choices
 * @typedef {{socket: string, snapshot: string, guess: string, home: string, invitation: string}} Urls
 * @typedef {{state: RoomState, private: Private, urls: Urls, choices: Choices, csrf_token: string}} Boot
 */
export {};
