/** The wait for an opponent: asks the server every two seconds, and goes to the duel when there is one. */
import { byId, setText, show } from "./core/dom.js";
import { t } from "./core/i18n.js";
import { clockText } from "./core/timer.js";
import { ApiError, postJson } from "./net/json.js";

const ASK_MS = 2000;
const OFFER_S = 12;

const waiting = byId("waiting");
const since = performance.now() - Number(waiting.dataset.since) * 1000;
const csrfToken = /** @type {HTMLInputElement} */ (waiting.querySelector("[name=csrfmiddlewaretoken]")).value;

function waited() {
  const seconds = Math.floor((performance.now() - since) / 1000);
  setText(byId("waited"), clockText(seconds));
  const offer = document.getElementById("offer");
  if (offer) show(offer, seconds >= OFFER_S);
}

async function ask() {
  try {
    const { url, is_waiting: isWaiting } = await postJson(waiting.dataset.url ?? "", {}, csrfToken);
    if (url) return window.location.assign(url);
    if (!isWaiting) return window.location.reload();
    show(byId("waiting-trouble"), false);
  } catch (error) {
    const isAway = !(error instanceof ApiError) || error.status === 0;
    setText(byId("waiting-trouble"), isAway ? t("Reconnecting… You keep your place in the queue.") : error.message);
    show(byId("waiting-trouble"), true);
  }
  window.setTimeout(ask, ASK_MS);
}

waited();
setInterval(waited, 500);
ask();
