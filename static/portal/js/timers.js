// [data-started-at="ISO time"] counts the seconds since; one interval for the whole page, asleep in a hidden tab.
// The server's clock (data-server-now on <html>) corrects a browser whose clock is wrong.
import { onContent } from "./dom.js";
import { clock } from "./times.js";

const serverNow = Date.parse(document.documentElement.dataset.serverNow ?? "");
const drift = Number.isNaN(serverNow) ? 0 : serverNow - Date.now();

function tick() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-started-at]")) {
    const started = Date.parse(element.dataset.startedAt);
    if (!Number.isNaN(started)) element.textContent = clock((Date.now() + drift - started) / 1000);
  }
}

setInterval(tick, 1000);
onContent(tick);
document.addEventListener("visibilitychange", tick);
