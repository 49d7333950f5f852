/**
 * What the server tells of a training job (geogame/training/live.py).
 *
 * @typedef {object} Change
 * @property {string} at
 * @property {string | null} by
 * @property {string} before
 * @property {string} after
 * @property {string} reason
 *
 * @typedef {object} JobState
 * @property {string} token
 * @property {string} state
 * @property {number} share
 * @property {string | null} phase
 * @property {number | null} epoch
 * @property {number | null} epochs
 * @property {number | null} images_per_second
 * @property {number | null} seconds_left
 * @property {string} message
 * @property {string[]} [warnings]
 * @property {number} runs
 * @property {string[]} buttons
 * @property {{id: number, name: string, digest: string, is_active: boolean, activation?: {state: string, message: string} | null} | null} model_version
 * @property {Change[]} changes
 *
 * @typedef {object} Epoch
 * @property {number} epoch
 * @property {number} [step] that it ended with
 * @property {number | null} train_loss
 * @property {number | null} validation_loss
 * @property {number | null} accuracy
 * @property {Record<string, number>} accuracy_at_km
 * @property {number | null} median_km
 * @property {boolean} [best]
 *
 * @typedef {object} Curves
 * @property {string} run
 * @property {number} after the step that it follows; 0 where it is the whole
 * @property {number[]} steps
 * @property {number[]} loss
 * @property {number[]} rate
 * @property {Epoch[]} epochs
 * @property {number} last_step
 *
 * @typedef {object} Sample
 * @property {string} picture
 * @property {number} lat
 * @property {number} lng
 * @property {number} distance_km
 * @property {{lat: number, lng: number, probability: number}[]} answers
 *
 * @typedef {object} Validation
 * @property {number} epoch
 * @property {number} views
 * @property {number} shown
 * @property {number[]} lat
 * @property {number[]} lng
 * @property {number[]} answer_lat
 * @property {number[]} answer_lng
 * @property {number[]} distance_km
 * @property {Sample[]} samples
 */
export {};
