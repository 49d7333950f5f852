/** The page of an evaluation: how far it is, until there is a report to show. */
import { byId, setText, show } from "../core/dom.js";
import { getJson } from "../net/json.js";
import "./delete-dialog.js";
import { stateWord } from "./job-words.js";

const ASK_MS = 1500;
const GOES_ON = ["queued", "running"];
const address = byId("evaluation").dataset.state ?? "";

async function watch() {
  const news = await getJson(address).catch(() => null);
  if (news && !GOES_ON.includes(news.state)) {
    location.reload();
    return;
  }
  if (news) {
    const badge = byId("state-badge");
    setText(badge, stateWord(news.state));
    badge.dataset.state = news.state;
    /** @type {HTMLProgressElement} */ (byId("progress")).value = news.share;
    setText(byId("message"), news.message);
    show(byId("message"), news.message !== "");
  }
  window.setTimeout(() => void watch(), ASK_MS);
}

if (GOES_ON.includes(JSON.parse(byId("evaluation-state").textContent ?? "").state)) window.setTimeout(() => void watch(), ASK_MS);
