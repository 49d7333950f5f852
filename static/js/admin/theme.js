// The first script of an admin page, no module, so that it runs before anything is drawn: unfold's styles ask for a
// class, the visitor's setting is data-theme, and "system" means what the device says, now and later.
(() => {
  const root = document.documentElement;
  const device = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const { theme } = root.dataset;
    root.classList.toggle("dark", theme === "dark" || (theme !== "light" && device.matches));
  };
  device.addEventListener("change", follow);
  follow();
})();
