/**
 * What unfold's templates leave out for keyboards and screen readers: an icon is a word of its font, which would be
 * read aloud, and some things to press are no buttons.
 */
import { t } from "../core/i18n.js";

const ICON = ".material-symbols-outlined";
/** What an icon that can be pressed does; the key is the word of the font. @type {Record<string, () => string>} */
const NAMES = {
  dock_to_right: () => t("Navigation"),
  close: () => t("Close"),
  unfold_more: () => t("Account and settings"),
  filter_list: () => t("Filter"),
};

function mend() {
  for (const element of document.querySelectorAll("[x-on\\:click]")) {
    if (!element.matches("button, a[href], input, select, textarea, label, [role]")) makeButton(element);
  }
  for (const element of document.querySelectorAll(`${ICON}:not([role])`)) element.setAttribute("aria-hidden", "true");
}

/** @param {Element} element */
function makeButton(element) {
  if (element.querySelector("button, a[href], input")) return;
  element.setAttribute("role", "button");
  element.setAttribute("tabindex", "0");
  const icon = element.matches(ICON) ? element : element.querySelector(ICON);
  const name = NAMES[icon?.textContent?.trim() ?? ""];
  if (name) element.setAttribute("aria-label", name());
  element.addEventListener("keydown", (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    if (key !== "Enter" && key !== " ") return;
    event.preventDefault();
    /** @type {HTMLElement} */ (element).click();
  });
}

/** The entry of the side bar that is open stands in sight. */
function showWhereWeAre() {
  const links = [...document.querySelectorAll("#nav-sidebar-inner a")];
  const open = links.filter((link) => link instanceof HTMLAnchorElement && location.pathname.startsWith(link.pathname)).at(-1);
  open?.scrollIntoView({ block: "center" });
}

mend();
addEventListener("load", showWhereWeAre);
document.addEventListener("htmx:afterSwap", mend);
