// <live-stream src="/live/" data-team="…" data-person="…" data-drawn="1795375000.25">: what the page does with live updates.
//
// They come by one connection of the whole browser (live-connection.js): `<kind> <id>`, or `refresh` for whatever was
// missed. A part of the page says what it shows:
//   <div data-live="case:<id> run:*" hx-get="…" hx-trigger="live" hx-swap="outerMorph">
// and gets a `live` event when one of its words matches: at once, then at most every 300 ms, the last one always.
// While the tab is hidden nothing is fetched; on return what was missed is.
import { tell as tellFailure, wordsOf } from "./failures.js";
import { Connection } from "./live-connection.js";

const GATHER_MS = 300;
const POLL_MS = 5000;
const HIDDEN_MS = 10_000;
const LATE_MS = 10_000; // for a part to come whose words were told while it was on its way
const WORDS = { live: "Live", reconnecting: "Reconnecting…", polling: "Updating every 5 s", paused: "Updates are paused" };
const ON_DOCUMENT = ["visibilitychange", "htmx:after:swap", "htmx:error", "click", "freeze", "resume", "acted"];
const ON_WINDOW = ["pagehide", "pageshow", "online"];

const parts = () => document.querySelectorAll("[data-live]");

/** part -> {timer, again}: a part with a timer has been told less than GATHER_MS ago. */
const told = new WeakMap();

function tell(part) {
  const state = told.get(part);
  if (state) {
    state.again = true;
    return;
  }
  const fresh = { again: false };
  told.set(part, fresh);
  part.dispatchEvent(new CustomEvent("live", { bubbles: false }));
  setTimeout(() => {
    told.delete(part);
    if (fresh.again && part.isConnected) tell(part);
  }, GATHER_MS);
}

class LiveStream extends HTMLElement {
  missed = new Set();
  shown = new Set(); // words of parts
  latest = new Map(); // word -> when it was told

  connectedCallback() {
    const { team, person, drawn } = this.dataset;
    this.connection = new Connection({ src: this.getAttribute("src"), team, person, seen: Number(drawn) || undefined }, {
      signal: (kind, id) => this.hear(kind, id),
      refresh: () => parts().forEach((part) => this.changed(part)),
      state: (name) => this.enter(name),
    });
    ON_DOCUMENT.forEach((name) => document.addEventListener(name, this));
    ON_WINDOW.forEach((name) => window.addEventListener(name, this));
    if (!document.hidden) this.join();
  }

  disconnectedCallback() {
    ON_DOCUMENT.forEach((name) => document.removeEventListener(name, this));
    ON_WINDOW.forEach((name) => window.removeEventListener(name, this));
    this.leave();
  }

  on = {
    "htmx:error": (event) => this.failed(event.detail),
    "htmx:after:swap": () => this.swapped(),
    click: (event) => event.target.closest("[data-stream-again]") && this.restart(),
    // Something was done in place (web.http.toasts).
    acted: () => parts().forEach(tell),
    // A page that stands still must hold nothing that others wait for.
    pagehide: () => this.leave(),
    freeze: () => this.leave(),
    visibilitychange: () => this.look(),
    resume: () => this.look(),
    pageshow: () => this.look(),
    online: () => this.look(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  look() {
    if (document.hidden) this.hide();
    else this.show();
  }

  join() {
    // A page that shows nothing live leaves the connection to others.
    if (!parts().length) return;
    this.read();
    this.connection.join();
    // One clock for as long as the page takes part: a state that is told again must not wind it back.
    this.poll ??= setInterval(() => this.isPolling && !document.hidden && parts().forEach(tell), POLL_MS);
  }

  get isPolling() {
    return this.connection.state === "polling";
  }

  leave() {
    clearTimeout(this.leaving);
    clearInterval(this.poll);
    this.poll = undefined;
    this.connection.leave();
  }

  hide() {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.leave(), HIDDEN_MS);
  }

  show() {
    clearTimeout(this.leaving);
    const missed = [...this.missed];
    this.missed.clear();
    missed.forEach(tell);
    if (this.connection.isJoined) this.connection.retryNow();
    else this.join();
  }

  restart() {
    this.connection.retryNow();
    parts().forEach(tell);
  }

  swapped() {
    if (this.dataset.state === "paused") this.say(this.connection.state);
    if (this.connection.isJoined) this.read(true);
    else if (!document.hidden) this.join();
  }

  enter(state) {
    if (state !== "polling" || this.dataset.state !== "paused") this.say(state);
  }

  /** Neither the stream nor a refetch reaches the server: what the page shows may be old, and it says so. */
  failed({ ctx, error }) {
    if (error instanceof TypeError && ctx?.sourceElement?.matches?.("[data-live]") && this.isPolling) this.say("paused");
  }

  /** What a swap has brought may name something that changed after it was drawn, when no part named it yet. */
  read(isSwapped = false) {
    for (const part of parts()) {
      for (const word of part.dataset.live.split(/\s+/).filter(Boolean)) {
        const isMissed = performance.now() - this.latest.get(word) < LATE_MS;
        if (isSwapped && isMissed && !this.shown.has(word)) this.changed(part);
        this.shown.add(word);
      }
    }
  }

  hear(kind, id) {
    const words = [`${kind}:*`, `${kind}:${id}`];
    const now = performance.now();
    this.latest.forEach((at, word) => now - at > LATE_MS && this.latest.delete(word));
    for (const word of words) {
      this.latest.set(word, now);
      for (const part of document.querySelectorAll(`[data-live~="${CSS.escape(word)}"]`)) this.changed(part);
    }
  }

  changed(part) {
    if (document.hidden) this.missed.add(part);
    else tell(part);
  }

  say(state) {
    this.dataset.state = state;
    document.documentElement.dataset.stream = state;
    this.firstElementChild.hidden = false;
    this.querySelector("[data-words]").textContent = WORDS[state];
  }
}

customElements.define("live-stream", LiveStream);

/** What a reload would lose. */
const somethingIsTyped = () =>
  [...document.querySelectorAll("#content :is(textarea, input[type=text], input[type=email], input:not([type]))")].some(
    (field) => field.value !== field.defaultValue,
  );

// What a page fetches by itself keeps nobody signed in (teams/access/sessions.py).
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, sourceEvent, request } = event.detail.ctx;
  if (sourceEvent?.type === "live" && sourceElement?.matches?.("[data-live]")) request.headers["Baton-Live"] = "1";
});

// A refetch that does not bring the part must not replace it: on an error the old one stays; who was signed out
// is led to the sign-in page.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (!ctx?.sourceElement?.matches?.("[data-live]")) return;
  const { raw, status } = ctx.response;
  if (status < 400 && !raw.redirected) {
    // A search may have changed what the part shows: this answer is to what was asked before.
    const wanted = ctx.sourceElement.getAttribute("hx-get");
    if (wanted && new URL(wanted, location.href).href !== raw.url) {
      event.preventDefault();
      tell(ctx.sourceElement);
    }
    return;
  }
  event.preventDefault();
  if (!raw.redirected && status !== 401 && status !== 403) return;
  if (somethingIsTyped()) tellFailure(wordsOf(status === 403 ? 403 : 401), null, status !== 403);
  else location.reload();
});
