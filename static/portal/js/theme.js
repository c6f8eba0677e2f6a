// The theme: "system" (nothing stored), "light" or "dark". Kept in localStorage, and in a cookie so that
// the server may draw the page in it where it wants to (mail previews, error pages).
import { on } from "./dom.js";

const root = document.documentElement;

function current() {
  return root.dataset.theme || "system";
}

function apply(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Not stored: the choice lasts as long as the page.
  }
  const age = theme === "system" ? 0 : 31536000;
  document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  show();
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === current()));
  }
}

on("click", "[data-theme-choice]", (_event, button) => apply(button.dataset.themeChoice));
on("click", "[data-theme-toggle]", () => {
  const dark = current() === "dark" || (current() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  apply(dark ? "light" : "dark");
});
window.addEventListener("storage", (event) => {
  if (event.key === "theme") apply(event.newValue || "system");
});
show();
