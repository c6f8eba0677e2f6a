// One native <dialog id="dialog">, filled by htmx: a link with hx-target="#dialog-content" opens it when its
// answer arrives, and the link's own href is the page used without script. A response header
// "HX-Trigger: dialog-close" closes it; so do [data-dialog-close] and a click on the backdrop.
import { on } from "./dom.js";

const dialog = document.getElementById("dialog");

// After settling and not after the swap: until then htmx does not listen to the new fields, and a quick choice is lost.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!dialog || event.detail.target.id !== "dialog-content") return;
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector("[autofocus], [aria-invalid='true'], .field :is(input:not([type=hidden]), select, textarea)");
  first?.focus();
});
document.addEventListener("dialog-close", () => dialog?.close());
dialog?.addEventListener("close", () => document.getElementById("dialog-content").replaceChildren());

// [data-dialog-cancel] is a link back for pages without script; inside a dialog it only closes it.
on("click", "[data-dialog-close], [data-dialog-cancel]", (event, button) => {
  const around = button.closest("dialog");
  if (!around) return;
  event.preventDefault();
  around.close();
});
on("mousedown", "dialog", (event, element) => {
  if (event.target !== element || element.hasAttribute("data-keep-open")) return;
  const box = element.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) element.close();
});
