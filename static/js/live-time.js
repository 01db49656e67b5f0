// <live-time><time datetime="…">3 min ago</time></live-time>: keeps the words true. They are those of web/format/times.py.
const elements = new Set();
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function ago(moment, now = new Date()) {
  const seconds = Math.trunc((now - moment) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds >= 0 ? "just now" : "in a moment";
  if (distance >= 7 * 86400) {
    const date = `${moment.getUTCDate()} ${months[moment.getUTCMonth()]}`;
    return moment.getUTCFullYear() === now.getUTCFullYear() ? date : `${date} ${moment.getUTCFullYear()}`;
  }
  let words;
  if (distance < 3570) words = `${Math.max(1, Math.round(distance / 60))} min`;
  else if (distance < 86400 - 1800) words = `${Math.max(1, Math.round(distance / 3600))} h`;
  else words = `${Math.max(1, Math.round(distance / 86400))} d`;
  return seconds >= 0 ? `${words} ago` : `in ${words}`;
}

function say(element) {
  const time = element.querySelector("time");
  const moment = new Date(time.dateTime);
  const words = ago(moment);
  if (time.textContent !== words) time.textContent = words;
  time.title = exact.format(moment);
}

class LiveTime extends HTMLElement {
  connectedCallback() {
    elements.add(this);
    say(this);
  }

  disconnectedCallback() {
    elements.delete(this);
  }
}

customElements.define("live-time", LiveTime);
setInterval(() => elements.forEach(say), 15_000);
document.addEventListener("visibilitychange", () => document.hidden || elements.forEach(say));
// A morph writes the server's title back.
document.addEventListener("htmx:after:swap", () => elements.forEach(say));
