// [data-copy="text"] or [data-copy-from="#id"] copies; [data-reveal="#id"] shows and hides a secret.
import { icon, on, word } from "./dom.js";
import { toast } from "./toasts.js";

on("click", "[data-copy], [data-copy-from]", async (_event, button) => {
  const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
  const text = source ? (source.dataset.secret ?? source.value ?? source.textContent.trim()) : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    toast("error", word("copyFailed"));
    return;
  }
  const before = [...button.childNodes];
  button.replaceChildren(icon("check", "icon-sm"));
  button.classList.add("copied");
  setTimeout(() => {
    button.replaceChildren(...before);
    button.classList.remove("copied");
  }, 1200);
});

on("click", "[data-reveal]", (_event, button) => {
  const target = document.querySelector(button.dataset.reveal);
  const show = button.getAttribute("aria-pressed") !== "true";
  if (target instanceof HTMLInputElement) target.type = show ? "text" : "password";
  else target.textContent = show ? target.dataset.secret : "••••••••••••";
  button.setAttribute("aria-pressed", String(show));
  button.querySelector("use")?.setAttribute("href", icon(show ? "eye-off" : "eye").firstChild.getAttribute("href"));
});
