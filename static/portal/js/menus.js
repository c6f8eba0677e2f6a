// <details class="menu"> closes on Escape, on a click elsewhere and when focus leaves; the navigation drawer on small screens.
import { on } from "./dom.js";

const shown = "drawer-shown";

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

function drawer(open) {
  document.body.classList.toggle(shown, open);
  document.querySelector("[data-drawer-open]")?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".sidebar a")?.focus();
}

document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
document.addEventListener("focusin", (event) => closeMenus(event.target.closest?.("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (document.body.classList.contains(shown)) {
    drawer(false);
    document.querySelector("[data-drawer-open]")?.focus();
  }
});
on("click", "[data-drawer-open]", () => drawer(!document.body.classList.contains(shown)));
on("click", "[data-drawer-close]", () => drawer(false));
