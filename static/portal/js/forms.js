// Small form behaviour: [data-submit-on-change] sends its form; a form is sent once; [data-toggles="#id"]
// shows a part only while a checkbox is on; [data-expand="#id"] opens and closes a part.
import { on, onContent, within } from "./dom.js";

on("change", "[data-submit-on-change]", (_event, element) => element.form?.requestSubmit());

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post], [data-repeatable]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  document.documentElement.classList.add("loading");
});
// Coming back with the browser's back button shows the page as it was left: it may be sent again.
window.addEventListener("pageshow", () => {
  document.documentElement.classList.remove("loading");
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

function showPart(box) {
  const part = document.querySelector(box.dataset.toggles);
  if (part) part.hidden = !box.querySelector("input[type=checkbox]")?.checked;
}
on("change", "[data-toggles]", (_event, box) => showPart(box));
onContent((part) => within(part, "[data-toggles]").forEach(showPart));

// The colour field of the branding page re-skins the page while it is being chosen.
on("input", "[data-brand-preview] input[type=color]", (_event, input) => {
  document.documentElement.style.setProperty("--brand", input.value);
});

// A row that opens below another: [data-expand="#row"].
on("click", "[data-expand]", (_event, button) => {
  const row = document.querySelector(button.dataset.expand);
  row.hidden = !row.hidden;
  button.setAttribute("aria-expanded", String(!row.hidden));
});
