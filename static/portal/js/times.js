// <time data-time="relative|datetime|time"> in the reader's language and the browser's time zone; the
// server's own text stands until then and is kept as the tooltip of relative times.
// [data-duration="seconds"] becomes m:ss or h:mm:ss.
import { onContent, within } from "./dom.js";

const language = document.documentElement.lang || undefined;
const zone = document.documentElement.dataset.timeZone || undefined;
const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
const timeOnly = new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone: zone });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const steps = [["second", 60], ["minute", 60], ["hour", 24], ["day", 7], ["week", 4.35], ["month", 12], ["year", Infinity]];

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function ago(moment) {
  let amount = (moment - Date.now()) / 1000;
  if (Math.abs(amount) < 10) return relative.format(0, "second");
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
  return "";
}

function showTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const style = element.dataset.time;
  if (style === "relative") {
    element.textContent = ago(moment);
    element.title = dateTime.format(moment);
  } else {
    element.textContent = (style === "time" ? timeOnly : dateTime).format(moment);
  }
}

onContent((part) => {
  within(part, "time[data-time]").forEach(showTime);
  for (const element of within(part, "[data-duration]")) element.textContent = clock(Number(element.dataset.duration));
});
setInterval(() => document.querySelectorAll('time[data-time="relative"]').forEach(showTime), 30000);
