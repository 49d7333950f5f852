/**
 * The shapes that travel between server and page, and the page's own state.
 * Only types: importing this module runs nothing.
 *
 * @typedef {{lat: number, lng: number}} Place
 * @typedef {{lat: number, lng: number, probability: number}} TopCell
 * @typedef {{code: string, name: string}} Country   ISO 3166 alpha-2, and its name in the reader's language
 * @typedef {"classic" | "daily" | "country" | "streak" | "study"} Mode
 *
 * @typedef {object} Answer            One player's guess, measured by the server.
 * @property {number | null} lat       null: no guess was made
 * @property {number | null} lng
 * @property {number | null} distance_km
 * @property {number} points
 * @property {"answered" | "timeout" | null} [outcome]  of the person
 * @property {Country | null} country
 * @property {boolean | null} correct  where the country counts
 * @property {number | null} [time_used_s]
 *
 * @typedef {"ready" | "coming" | "none" | "late"} LayersState   late: the page has stopped asking
 * @typedef {{probability: string | null, occlusion: string | null, state: LayersState}} LayersPromise
 *
 * @typedef {object} ModelFields
 * @property {string} name
 * @property {string} rule             how a point came from the distribution, e.g. "top-cell"
 * @property {TopCell[]} top_cells     most probable first
 * @property {LayersPromise} [layers]
 * @typedef {Answer & ModelFields} ModelAnswer
 *
 * @typedef {{name: string} & Answer} Ghost   The person who sent the challenge.
 * @typedef {{digest: string, preimage: string}} Seal
 *
 * @typedef {[[number, number], [number, number]]} Corners  south-west and north-east, as lat and lng
 *
 * @typedef {object} Probability       A layer of the map; its scale in percent of the probability on 1,000 km².
 * @property {string} url
 * @property {string} dark_url
 * @property {Corners} bounds
 * @property {{least: number, most: number, colours: {light: string[], dark: string[]}}} scale
 *
 * @typedef {object} Layers            What the model saw and believed, once a round is closed.
 * @property {LayersState} state
 * @property {Probability | null} probability
 * @property {{url: string} | null} occlusion
 * @property {{url: string} | null} view   the very picture that the model got
 *
 * @typedef {object} Result            What is revealed once a round is closed.
 * @property {string | null} void      why the round does not count
 * @property {Place} truth
 * @property {Country | null} country
 * @property {Answer} you
 * @property {ModelAnswer | null} model
 * @property {Ghost | null} ghost
 * @property {"you" | "model" | "tie" | "nobody"} winner
 * @property {string | null} place     "Lyon, France"
 * @property {string} author
 * @property {string} licence
 * @property {string} source           a URL, a sentence or ""
 * @property {string | null} taken_at
 * @property {boolean} drawn           drawn from facts, not photographed
 * @property {boolean} withdrawn       taken down since: the picture cannot be shown any more
 * @property {number} times_seen       0: the first time
 * @property {boolean | null} seen_in_training
 * @property {Seal | null} seal
 *
 * @typedef {{round: string, number: number, picture: PictureFile, projection: Round["projection"], condition: Round["condition"]}} RoundNamed
 * @typedef {Result & RoundNamed} ClosedRound
 *
 * @typedef {object} RoundModel
 * @property {"thinking" | "sealed" | "absent"} state
 * @property {string | null} name
 * @property {string | null} digest    SHA-256 in hex
 * @property {string | null} reason    a sentence, when absent
 *
 * @typedef {{url: string, width: number, height: number, key?: string | null}} PictureFile  key: of its encrypted copy, base64
 *
 * @typedef {object} Round
 * @property {string} id
 * @property {number} number           from 1
 * @property {"preparing" | "ready" | "open" | "closed"} state
 * @property {"fair" | "free"} condition
 * @property {"flat" | "equirectangular"} projection
 * @property {PictureFile | null} picture
 * @property {boolean} drawn           drawn from facts, not photographed
 * @property {number} initial_heading  degrees
 * @property {number | null} time_left_s  when the server answered; null: no limit
 * @property {RoundModel} model
 * @property {"answered" | "timeout" | "void" | null} outcome  how the round ended for the player, told or not
 * @property {Result | null} result
 *
 * @typedef {Pick<Round, "id" | "picture" | "projection" | "condition" | "initial_heading">} Pictured  what shows a picture needs
 *
 * @typedef {object} Game
 * @property {string} id
 * @property {"playing" | "finished"} state
 * @property {Mode} mode
 * @property {"fair" | "free"} condition  what was asked for; each round has its own
 * @property {"after-round" | "at-end" | "never"} show_results  when the player is told how closed rounds ended
 * @property {number | null} time_limit_s
 * @property {{name: string, slug: string}} map
 * @property {number | null} rounds_total   null: a streak goes on
 * @property {number} scale_km
 * @property {{you: number, model: number | null}} points
 * @property {{you: number, model: number | null}} right  countries named right
 * @property {string | null} note
 * @property {{name: string, digest: string} | null} opponent
 * @property {{token: string, sender: string} | null} challenge
 * @property {string | null} daily      its date
 *
 * @typedef {{round: string, url: string}} Next   the encrypted picture of the round to come
 * @typedef {{version: number, server_time: string, game: Game, round: Round, next: Next | null, results: ClosedRound[]}} Snapshot
 *
 * @typedef {object} Urls
 * @property {string} snapshot
 * @property {string} guess
 * @property {string} next
 * @property {string} skip
 * @property {string} socket
 * @property {string} home
 * @property {string} again
 * @property {string} learn
 * @property {string} leaderboards
 * @property {string} [study]   where a game that is part of a study ends
 *
 * @typedef {{snapshot: Snapshot, urls: Urls, csrf_token: string}} Boot
 *
 * @typedef {{state: "coming" | "rated" | "unrated", text: string, reason: string | null, change: number | null, rating: number | null}} Rating  what a finished game changed
 *
 * @typedef {{text: string, url: string, best_streak: number | null}} Share  how it went, without a place; where to play the same
 *
 * @typedef {{type: "snapshot", version: number, snapshot: Snapshot}
 *   | {type: "model.sealed", version: number, round: string, model: Partial<RoundModel>}
 *   | {type: "round.ready" | "round.opened" | "round.closed", version: number, round: string}
 *   | {type: "game.finished", version: number}} Frame
 *
 * @typedef {"preparing" | "guessing" | "stored" | "result" | "summary" | "error"} Phase  stored: how the round ended is not told yet
 * @typedef {"guess" | "next" | "skip"} Command
 * @typedef {{code: string, message: string, retry: Command | null, fatal: boolean}} Problem
 *
 * @typedef {object} State             All that the page knows; only `reduce` makes a new one.
 * @property {Snapshot} snapshot
 * @property {Phase} phase             follows from the rest
 * @property {Place | null} pin        the person's pin for the running round
 * @property {Command | null} sending  a command on its way
 * @property {boolean} slow            that command takes long
 * @property {Problem | null} problem  what went wrong last, in a sentence
 * @property {"loading" | "slow" | "ready" | "failed"} picture
 * @property {number | null} progress  share of the picture that is here; null: not known
 * @property {number | null} deadline_ms  when the time is up, on the page's monotonic clock
 * @property {boolean} timeUp          the page waits for the server's verdict
 * @property {"connecting" | "live" | "polling"} connection
 * @property {boolean} online          what the browser says of the network
 * @property {boolean} stale           a broadcast was missed: a snapshot is wanted
 * @property {string | null} reviewing id of the closed round still on show
 * @property {number | null} replay    number of a round that the summary shows again
 */
export {};
