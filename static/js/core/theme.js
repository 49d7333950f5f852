/** Whether the page is dark now: by the setting, or else by the system. */
export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
}

/** By the switch of the settings page, of another tab, or of the system. @param {() => void} listener */
export function onThemeChange(listener) {
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
  new MutationObserver(listener).observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });
}
