// Runs before the first paint (a classic, blocking script of a few lines): puts the chosen theme and the
// reseller's colour on <html>, so that no page flashes in the wrong colours. Everything else is a module.
(() => {
  const root = document.documentElement;
  let theme = "";
  try {
    theme = localStorage.getItem("theme") || "";
  } catch {
    // Storage is refused in some private modes: the system's theme is then used.
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (/^#[0-9a-f]{6}$/i.test(root.dataset.brand || "")) root.style.setProperty("--brand", root.dataset.brand);
})();
