/**
 * The live page of a training job.
 *
 * @import { Curves, JobState, Validation } from "./types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { distance } from "../core/units.js";
import { getJson } from "../net/json.js";
import { showAccuracy, showLoss } from "./job-charts.js";
import { joined, nothing, question, whole } from "./curve.js";
import { ErrorMap } from "./error-map.js";
import { JobLink } from "./job-link.js";
import { JobPanel, isOnItsWay } from "./job-panel.js";
import { act, ask } from "./job-actions.js";
import { showSamples } from "./samples.js";

const LOG_MS = 3000;
const ENDED = ["stopped", "succeeded", "failed"];

const page = byId("job");
const base = page.dataset.base ?? "";
/** @type {JobState} */
let state = JSON.parse(byId("job-state").textContent ?? "");
let known = nothing();
let asking = false;
let examined = -1;
/** @type {ErrorMap | null} */
let errors = null;

const panel = new JobPanel(page, (name) => void press(name));
const link = new JobLink(
  { base, socket: page.dataset.socket ?? "" },
  {
    onState: takeState,
    onCurves: takeCurves,
    onLink: (connected) => setText(byId("link-state"), connected ? "" : t("Live connection lost: the page asks every two seconds.")),
    question: () => question(known),
    mustAsk: () => isOnItsWay(state.model_version),
    isOver: () => ENDED.includes(state.state) && !isOnItsWay(state.model_version),
  },
);

/** @param {JobState} news */
function takeState(news) {
  const before = state.state;
  state = news;
  panel.show(state);
  if (before !== state.state) void showLog();
}

/** @param {Curves} news */
function takeCurves(news) {
  const next = joined(known, news);
  if (next) draw(next);
  else void askAgain();
}

/** The whole curve: at first, after a run went on from an earlier step, or where ours has grown too long. */
async function askAgain() {
  if (asking) return;
  asking = true;
  try {
    draw(whole(await getJson(`${base}curves/`)));
  } finally {
    asking = false;
  }
}

/** @param {import("./curve.js").Known} next */
function draw(next) {
  known = next;
  showLoss(known);
  showAccuracy(known.epochs);
  const last = known.epochs.at(-1)?.epoch ?? 0;
  if (last > 0 && last !== examined) {
    examined = last;
    void showValidation();
  }
}

async function showValidation() {
  /** @type {Validation | null} */
  const validation = await getJson(`${base}validation/`).catch(() => null);
  if (!validation) return;
  for (const id of ["errors-frame", "errors-legend"]) show(byId(id), true);
  errors ??= new ErrorMap(byId("errors-map"));
  errors.show(validation);
  const sorted = [...validation.distance_km].sort((a, b) => a - b);
  const median = distance(sorted[Math.floor(sorted.length / 2)] ?? 0);
  const words = { epoch: validation.epoch, shown: validation.shown, views: validation.views, median };
  setText(byId("errors-words"), t("After epoch {epoch}: {shown} of {views} views, half of them within {median}.", words));
  showSamples(byId("samples"), validation, `${base}samples/`);
  show(byId("samples-panel"), (validation.samples ?? []).length > 0);
}

async function showLog() {
  const answer = await getJson(`${base}log/?lines=200`).catch(() => null);
  if (!answer) return;
  const log = byId("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  setText(log, answer.lines.length ? answer.lines.join("\n") : t("Nothing was printed yet."));
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** @param {string} name of a button */
async function press(name) {
  if (name === "delete" && !(await ask())) return;
  panel.busy(true);
  try {
    const { state: news, url } = await act(`${base}${name}/`);
    if (news && news.token === state.token) takeState(news);
    else if (url) location.assign(url);
  } catch (error) {
    const note = byId("message");
    setText(note, error instanceof Error ? error.message : String(error));
    note.classList.add("note-bad");
    show(note, true);
  } finally {
    panel.busy(false);
  }
}

panel.show(state);
void askAgain();
void showLog();
window.setInterval(() => {
  if (!document.hidden && !ENDED.includes(state.state)) void showLog();
}, LOG_MS);
link.open();
