/** A report that is being made: says how far it is, and loads the page again when it is there. */
import { byId, setText } from "./core/dom.js";
import { getJson } from "./net/json.js";

const ASK_MS = 3000;
const MOST_MS = 60_000;

const status = byId("report-status");
let pause = ASK_MS;

async function ask() {
  try {
    const { computing, text } = await getJson(status.dataset.url ?? "");
    if (!computing) return window.location.reload();
    setText(byId("report-progress"), text);
    pause = ASK_MS;
  } catch {
    pause = Math.min(2 * pause, MOST_MS);
  }
  window.setTimeout(ask, pause);
}

if ("computing" in status.dataset) window.setTimeout(ask, pause);
