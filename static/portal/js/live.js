// What happens on the switches, pushed. <body data-live-url="/ws/…"> opens one WebSocket, which sends
// {"event": "call.answered", "data": {…}}. Every element with data-live-on="call.* device.registered" whose
// pattern matches gets a DOM event "live", on which htmx re-fetches it (hx-trigger="live"). Bursts are joined:
// an element is refreshed at once, then at most once in 400 ms
// (or data-live-pause milliseconds, for parts that cost more). After a reconnect everything is refreshed, since
// events may have been missed. The state stands on <html data-live-state>: waiting, open.
const patience = 400;
const longestWait = 30000;
const root = document.documentElement;
const pending = new Map();
let attempts = 0;

function matches(patterns, name) {
  return patterns.split(/\s+/).some((pattern) => (
    pattern === name || pattern === "*" || (pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -1)))
  ));
}

function refresh(element, detail) {
  const last = pending.get(element);
  if (last) {
    last.again = detail;
    return;
  }
  const entry = { again: null };
  pending.set(element, entry);
  element.dispatchEvent(new CustomEvent("live", { detail }));
  setTimeout(() => {
    pending.delete(element);
    if (entry.again && element.isConnected) refresh(element, entry.again);
  }, Number(element.dataset.livePause) || patience);
}

function dispatch(message) {
  document.dispatchEvent(new CustomEvent("portal:event", { detail: message }));
  for (const element of document.querySelectorAll("[data-live-on]")) {
    if (matches(element.dataset.liveOn, message.event)) refresh(element, message);
  }
}

function connect(url) {
  const address = new URL(url, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address);
  root.dataset.liveState = "waiting";
  socket.addEventListener("open", () => {
    root.dataset.liveState = "open";
    if (attempts > 0) document.querySelectorAll("[data-live-on]").forEach((element) => refresh(element, { event: "reconnected", data: {} }));
    attempts = 0;
  });
  socket.addEventListener("message", (event) => {
    let message;
    try {
      message = JSON.parse(event.data);
    } catch {
      return;
    }
    if (typeof message?.event === "string") dispatch(message);
  });
  socket.addEventListener("close", (event) => {
    root.dataset.liveState = "waiting";
    // 4401 and 4403: the session has ended or may not listen; asking again would change nothing.
    if (event.code === 4401 || event.code === 4403) return;
    attempts += 1;
    const wait = Math.min(longestWait, 500 * 2 ** Math.min(attempts, 7));
    setTimeout(() => connect(url), wait * (0.5 + Math.random() / 2));
  });
}

const url = document.body.dataset.liveUrl;
if (url) connect(url);
