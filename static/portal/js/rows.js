// A Django formset whose rows are added, removed and put in order without a page load.
// <div data-rows="prefix"> with [data-rows-list], <template data-rows-new> (the empty form), [data-rows-add];
// each [data-row] has [data-row-up], [data-row-down], [data-row-remove] and the formset's ORDER and DELETE inputs.
import { on } from "./dom.js";

const parts = (box) => ({
  list: box.querySelector("[data-rows-list]"),
  total: box.querySelector(`[name="${box.dataset.rows}-TOTAL_FORMS"]`),
});
const shown = (list) => [...list.querySelectorAll("[data-row]")].filter((row) => !row.hidden);

function number(list) {
  shown(list).forEach((row, index) => {
    const order = row.querySelector('[name$="-ORDER"]');
    if (order) order.value = index + 1;
    const position = row.querySelector("[data-row-position]");
    if (position) position.textContent = String(index + 1);
  });
}

on("click", "[data-rows-add]", (_event, button) => {
  const box = button.closest("[data-rows]");
  const { list, total } = parts(box);
  const made = box.querySelector("template[data-rows-new]").content.cloneNode(true);
  const index = total.value;
  for (const element of made.querySelectorAll("*")) {
    for (const attribute of [...element.attributes]) {
      if (attribute.value.includes("__prefix__")) attribute.value = attribute.value.replaceAll("__prefix__", index);
    }
  }
  list.append(made);
  total.value = Number(index) + 1;
  number(list);
  list.lastElementChild.querySelector("select, input:not([type=hidden])")?.focus();
});

on("click", "[data-row-remove]", (_event, button) => {
  const row = button.closest("[data-row]");
  const list = row.parentElement;
  const marker = row.querySelector('[name$="-DELETE"]');
  if (marker?.type === "checkbox") marker.checked = true;
  else if (marker) marker.value = "on";
  row.hidden = true;
  number(list);
  list.closest("[data-rows]").querySelector("[data-rows-add]")?.focus();
});

function move(button, up) {
  const row = button.closest("[data-row]");
  const list = row.parentElement;
  const rows = shown(list);
  const neighbour = rows[rows.indexOf(row) + (up ? -1 : 1)];
  if (!neighbour) return;
  if (up) neighbour.before(row);
  else neighbour.after(row);
  number(list);
  button.focus();
}
on("click", "[data-row-up]", (_event, button) => move(button, true));
on("click", "[data-row-down]", (_event, button) => move(button, false));
