/** Words for a job: its states, its phases, how long it takes. Pure. */
import { t, tn } from "../core/i18n.js";

/** @param {string} state */
export function stateWord(state) {
  switch (state) {
    case "queued":
      return t("queued");
    case "preparing":
      return t("preparing");
    case "running":
      return t("running");
    case "stopping":
      return t("stopping");
    case "stopped":
      return t("stopped");
    case "succeeded":
      return t("succeeded");
    case "failed":
      return t("failed");
    default:
      return state;
  }
}

/** @param {string | null} phase of the training process */
export function phaseWord(phase) {
  switch (phase) {
    case "plan":
      return t("checks data, memory and disk");
    case "read":
      return t("reads the photos");
    case "train":
      return t("trains");
    case "examine":
      return t("looks at the held-out photos");
    case "save":
      return t("writes the model");
    default:
      return "";
  }
}

/** 5400 -> "1 h 30 min" @param {number} seconds */
export function leftWord(seconds) {
  if (seconds < 90) return tn("{n} second", "{n} seconds", Math.max(1, Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return tn("{n} minute", "{n} minutes", minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("{h} h {min} min", { h: hours, min: minutes % 60 });
  return tn("{n} day", "{n} days", Math.round(hours / 24));
}

/** @param {string} name of a button */
export function buttonWord(name) {
  switch (name) {
    case "stop":
      return t("Stop");
    case "resume":
      return t("Resume");
    case "clone":
      return t("Clone");
    case "delete":
      return t("Delete");
    case "activate":
      return t("Put into play");
    default:
      return name;
  }
}
