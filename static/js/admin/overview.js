/** The overview asks what runs while something does, so that the page stays true without being loaded again. */
import { byId } from "../core/dom.js";

const ASK_MS = 4000;
const QUIET_MS = 30_000;
const frame = byId("work");
const address = frame.dataset.now ?? "";

async function look() {
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const held = document.activeElement instanceof HTMLAnchorElement && frame.contains(document.activeElement) ? document.activeElement.pathname : "";
  frame.replaceChildren(...page.body.children);
  const again = [...frame.querySelectorAll("a")].find((link) => link.pathname === held);
  again?.focus();
}

function pause() {
  return frame.querySelector("#running-title ~ ul") ? ASK_MS : QUIET_MS;
}

async function watch() {
  if (!document.hidden) await look();
  window.setTimeout(() => void watch(), pause());
}

window.setTimeout(() => void watch(), pause());
