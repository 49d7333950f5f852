/** How much of the map lies under what floats over it. */
import { byId, isPhone } from "../core/dom.js";

/** @param {string} cardId of the card at the left @returns {L.FitBoundsOptions} */
export function besideCard(cardId) {
  if (isPhone()) return { paddingTopLeft: [40, 60], paddingBottomRight: [70, 40] }; // the zoom buttons stand at the right
  const card = byId(cardId).getBoundingClientRect();
  return { paddingTopLeft: [card.right + 60, 110], paddingBottomRight: [90, 100] };
}
