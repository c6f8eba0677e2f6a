// Ctrl-K (or Cmd-K, or "/"): search everything. GET data-search-url?q=… answers
// {"results": [{"label", "detail", "url", "icon"}]}. A combobox: the arrows move, Enter opens.
import { icon, on, word } from "./dom.js";

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
let request = null;
let timer = 0;

function open() {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  input.select();
}

function choose(index) {
  const options = [...list.querySelectorAll("[role=option]")];
  if (!options.length) return;
  const chosen = options[(index + options.length) % options.length];
  for (const option of options) option.setAttribute("aria-selected", String(option === chosen));
  input.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

function note(text) {
  const line = document.createElement("p");
  line.className = "palette-note";
  line.setAttribute("role", "status");
  line.textContent = text;
  list.replaceChildren(line);
  input.removeAttribute("aria-activedescendant");
}

function render(results) {
  if (!results.length) return note(word("nothingFound"));
  list.replaceChildren(...results.map((result, index) => {
    const link = document.createElement("a");
    link.className = "palette-result";
    link.id = `palette-${index}`;
    link.href = result.url;
    link.setAttribute("role", "option");
    link.tabIndex = -1;
    const label = document.createElement("span");
    label.className = "truncate";
    label.textContent = result.label;
    const detail = document.createElement("span");
    detail.className = "faint small nowrap";
    detail.textContent = result.detail ?? "";
    link.append(icon(result.icon || "search"), label, detail);
    return link;
  }));
  return choose(0);
}

async function search() {
  request?.abort();
  const text = input.value.trim();
  if (!text) return list.replaceChildren();
  request = new AbortController();
  try {
    const address = new URL(dialog.dataset.searchUrl, location.href);
    address.searchParams.set("q", text);
    const response = await fetch(address, { signal: request.signal, headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    return render((await response.json()).results);
  } catch (error) {
    return error.name === "AbortError" ? undefined : note(word("failed"));
  }
}

on("click", "[data-palette-open]", open);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if ((event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing)) {
    event.preventDefault();
    open();
  }
});
input?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, 120);
});
input?.addEventListener("keydown", (event) => {
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(at + 1);
  else if (event.key === "ArrowUp") choose(at - 1);
  else if (event.key === "Enter" && at >= 0) location.assign(options[at].href);
  else return;
  event.preventDefault();
});
