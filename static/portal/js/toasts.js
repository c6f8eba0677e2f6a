// Messages in the corner: those Django rendered with the page, and those an htmx answer sends as
// HX-Trigger: {"toast": {"level": "success", "text": "…"}}. Errors stay until they are closed.
import { icon, on, word } from "./dom.js";

const looks = { success: ["tone-good", "check"], info: ["tone-info", "info"], warning: ["tone-warn", "alert"], error: ["tone-bad", "alert"] };
const stay = 6000;

function expire(toast) {
  if (toast.dataset.level === "error") return;
  let timer = setTimeout(() => toast.remove(), stay);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => { timer = setTimeout(() => toast.remove(), stay); });
}

export function toast(level, text) {
  const [tone, symbol] = looks[level] ?? looks.info;
  const element = document.createElement("div");
  element.className = `toast ${tone}`;
  element.dataset.level = level;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-quiet button-icon button-small";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", word("close"));
  close.append(icon("close", "icon-sm"));
  element.append(icon(symbol), words, close);
  document.getElementById("toasts")?.append(element);
  expire(element);
}

on("click", "[data-toast-close]", (_event, button) => button.closest(".toast").remove());
document.addEventListener("toast", (event) => toast(event.detail.level, event.detail.text));
document.addEventListener("htmx:responseError", (event) => {
  toast("error", event.detail.xhr.status === 403 ? word("forbidden") : word("failed"));
});
document.addEventListener("htmx:sendError", () => toast("error", word("offline")));
document.querySelectorAll("#toasts .toast").forEach(expire);

// The thin bar at the top while htmx waits.
let waiting = 0;
function busy(change) {
  waiting = Math.max(0, waiting + change);
  document.documentElement.classList.toggle("loading", waiting > 0);
}
document.addEventListener("htmx:beforeRequest", (event) => { if (!event.target.hasAttribute("data-live-on")) busy(1); });
document.addEventListener("htmx:afterRequest", (event) => { if (!event.target.hasAttribute("data-live-on")) busy(-1); });
