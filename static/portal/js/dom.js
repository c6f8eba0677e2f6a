// What several modules need from the page.

/** The words of the page's language, written by base/document.html as data attributes of #words. */
export function word(name) {
  return document.getElementById("words")?.dataset[name] ?? "";
}

/** An SVG element showing one icon of the sprite. */
export function icon(name, extraClass = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${extraClass}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.getElementById("words")?.dataset.icons ?? ""}#${name}`);
  svg.append(use);
  return svg;
}

/** Listen for an event on every present and future element that matches. */
export function on(type, selector, handler) {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) handler(event, element);
  });
}

/** Run for the whole page now, and for each part htmx brings in later. */
export function onContent(handler) {
  handler(document);
  document.addEventListener("htmx:load", (event) => handler(event.detail.elt));
}

/** Elements in a part that match, the part itself included. */
export function within(part, selector) {
  const found = [...part.querySelectorAll(selector)];
  if (part instanceof Element && part.matches(selector)) found.unshift(part);
  return found;
}
