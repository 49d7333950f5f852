/**
 * Where it was, and whose picture it is.
 *
 * @import { ClosedRound } from "../types.js"
 */
import { byId, h, icon, show } from "../core/dom.js";
import { date, webAddress } from "../core/format.js";
import { t } from "../core/i18n.js";
import { words } from "../core/words.js";

export class PlacePanel {
  /** @param {(url: string) => string} local the copy of a picture that is here already */
  constructor(local) {
    this.local = local;
  }

  /** @param {Pick<ClosedRound, "author" | "licence" | "source" | "taken_at" | "drawn" | "void" | "picture"> & {withdrawn?: boolean}} result of a game, or of a room */
  fill(result) {
    byId("place-facts").replaceChildren(
      ...fact(t("Author"), result.author || words.unknownAuthor),
      ...fact(t("Licence"), result.licence || t("not stated")),
      ...(result.source ? fact(t("Source"), sourceNode(result.source)) : []),
      ...(result.taken_at ? fact(result.drawn ? t("Shown as on") : t("Taken"), date(result.taken_at)) : []),
    );
    show(byId("place-learn"), result.drawn);
    this.#picture(result.void || result.withdrawn ? "" : result.picture.url);
  }

  /** @param {string} url */
  #picture(url) {
    const link = byId("place-picture");
    show(link, url !== "");
    if (!url) return;
    link.setAttribute("href", url);
    const image = /** @type {HTMLImageElement} */ (h("img", { src: this.local(url), alt: t("The picture of this round, in full"), loading: "lazy" }));
    image.addEventListener("error", () => show(link, false));
    link.replaceChildren(image);
  }
}

/** @param {string} name @param {string | Node} value */
function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

/** @param {string} source */
function sourceNode(source) {
  const address = webAddress(source);
  if (!address) return source;
  const { hostname } = new URL(address);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, hostname.replace(/^www\./, ""), icon("external-link"));
}
