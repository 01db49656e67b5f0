// <live-duration><time datetime="…">12 s</time></live-duration>: counts on, from a moment or towards it. The words are
// those of `elapsed` in web/format/times.py.
const elements = new Set();
const SIZES = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];

export function elapsed(moment, now = new Date()) {
  const whole = Math.trunc(Math.abs(now - moment) / 1000);
  for (const [size, name, smaller, smallerName] of SIZES) {
    if (whole < size) continue;
    const rest = Math.trunc((whole % size) / smaller);
    return `${Math.trunc(whole / size)} ${name}${rest ? ` ${rest} ${smallerName}` : ""}`;
  }
  return `${whole} s`;
}

function say(element) {
  const time = element.querySelector("time");
  const moment = new Date(time.dateTime);
  // A countdown stays at zero.
  element.future ??= moment > new Date();
  const words = element.future && moment < new Date() ? "0 s" : elapsed(moment);
  if (time.textContent !== words) time.textContent = words;
}

class LiveDuration extends HTMLElement {
  connectedCallback() {
    elements.add(this);
    say(this);
  }

  disconnectedCallback() {
    elements.delete(this);
  }
}

customElements.define("live-duration", LiveDuration);
setInterval(() => elements.forEach(say), 1000);
// After a morph it may be about another moment.
document.addEventListener("htmx:after:swap", () =>
  elements.forEach((element) => {
    element.future = undefined;
    say(element);
  }),
);
