// <live-stream src="/live/" data-drawn="1795375000.25">: the page's one connection for live updates.
//
// The server sends `event: <kind>` with `data: <id>`, or `refresh` for whatever was missed. A part of the page says what
// it shows:
//   <div data-live="case:<id> run:*" hx-get="…" hx-trigger="live" hx-swap="outerMorph">
// and gets a `live` event when one of its words matches: at once, then at most every 300 ms, the last one always.
// While the tab is hidden nothing is fetched; on return, and after a lost connection, what was missed is.
import { tell as tellFailure, wordsOf } from "./failures.js";

const GATHER_MS = 300;
const POLL_MS = 5000;
const HIDDEN_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const LATE_MS = 10_000; // for a part to come whose words were told while it was on its way
// Streams end after some minutes by design: a short gap is not worth a word.
const SILENT_MS = 2500;
const WORDS = { live: "Live", reconnecting: "Reconnecting…", polling: "Updating every 5 s", paused: "Updates are paused" };

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
  heard = new Set();
  shown = new Set(); // words of parts
  latest = new Map(); // word -> when it was told
  failures = 0;
  connectedOnce = false;

  connectedCallback() {
    document.addEventListener("visibilitychange", this);
    document.addEventListener("htmx:after:swap", this);
    document.addEventListener("htmx:error", this);
    document.addEventListener("click", this);
    window.addEventListener("pagehide", this);
    window.addEventListener("pageshow", this);
    window.addEventListener("online", this);
    this.open();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this);
    document.removeEventListener("htmx:after:swap", this);
    document.removeEventListener("htmx:error", this);
    document.removeEventListener("click", this);
    window.removeEventListener("pagehide", this);
    window.removeEventListener("pageshow", this);
    window.removeEventListener("online", this);
    this.close();
  }

  handleEvent(event) {
    if (event.type === "htmx:error") this.failed(event.detail);
    else if (event.type === "click") event.target.closest("[data-stream-again]") && this.restart();
    else if (event.type === "htmx:after:swap") {
      if (this.dataset.state === "paused") this.say(this.source?.readyState === EventSource.OPEN ? "live" : "polling");
      if (this.source) this.listen(true);
      else if (!this.retry && !document.hidden) this.open();
    } else if (event.type === "pagehide") this.close();
    else if (document.hidden) this.hide();
    else this.show();
  }

  hide() {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.close(), HIDDEN_MS);
  }

  show() {
    clearTimeout(this.leaving);
    const missed = [...this.missed];
    this.missed.clear();
    if (this.source?.readyState === EventSource.OPEN) missed.forEach(tell);
    else {
      this.close();
      this.open();
    }
  }

  open() {
    // A page that shows nothing live keeps its connection for others.
    if (this.source || !parts().length) return;
    this.source = new EventSource(this.address());
    this.heard.clear();
    this.listen();
    this.source.addEventListener("refresh", () => parts().forEach((part) => this.changed(part)));
    this.source.addEventListener("open", () => this.opened());
    this.source.addEventListener("error", () => this.lost());
  }

  /** The first time the server tells what has changed since it drew the page; later all parts are fetched anyway. */
  address() {
    const src = this.getAttribute("src");
    return this.connectedOnce || !this.dataset.drawn ? src : `${src}?drawn=${this.dataset.drawn}`;
  }

  close() {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    clearTimeout(this.leaving);
    clearInterval(this.poll);
    this.retry = this.silence = this.leaving = this.poll = undefined;
    this.source?.close();
    this.source = undefined;
  }

  opened() {
    clearTimeout(this.silence);
    clearInterval(this.poll);
    this.silence = this.poll = undefined;
    this.failures = 0;
    this.say("live");
    if (this.connectedOnce) parts().forEach((part) => this.changed(part));
    this.connectedOnce = true;
  }

  lost() {
    this.source?.close();
    this.source = undefined;
    this.connectedOnce = true;
    this.failures += 1;
    this.silence ??= setTimeout(() => this.dataset.state === "paused" || this.say(this.poll ? "polling" : "reconnecting"), SILENT_MS);
    if (this.failures >= 3 && !this.poll) {
      this.poll = setInterval(() => document.hidden || parts().forEach(tell), POLL_MS);
      this.say("polling");
    }
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LAST_RETRY_MS);
    // Not all pages at once after a restart of the server.
    this.retry = setTimeout(() => this.again(), wait * (0.5 + Math.random()));
  }

  /** Neither the stream nor a refetch reaches the server: what the page shows may be old, and it says so. */
  failed({ ctx, error }) {
    if (error instanceof TypeError && ctx?.sourceElement?.matches?.("[data-live]") && this.poll) this.say("paused");
  }

  restart() {
    this.close();
    this.open();
    parts().forEach(tell);
  }

  again() {
    this.retry = undefined;
    if (!document.hidden) this.open();
  }

  /** EventSource has no way to listen to every kind: listen to those that the parts name. What a swap has brought may name
   * something that changed after it was drawn, when no part named it yet. */
  listen(isSwapped = false) {
    for (const part of parts()) {
      for (const word of part.dataset.live.split(/\s+/).filter(Boolean)) {
        const kind = word.split(":")[0];
        const isMissed = !this.heard.has(kind) || performance.now() - this.latest.get(word) < LATE_MS;
        if (isSwapped && isMissed && !this.shown.has(word)) this.changed(part);
        this.shown.add(word);
        if (this.heard.has(kind)) continue;
        this.heard.add(kind);
        this.source.addEventListener(kind, (event) => this.hear(kind, event.data));
      }
    }
  }

  hear(kind, id) {
    const words = [`${kind}:*`, `${kind}:${id.trim()}`];
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

// A refetch that does not bring the part must not replace it: on an error the old one stays; who was signed out
// is led to the sign-in page.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (!ctx?.sourceElement?.matches?.("[data-live]")) return;
  const { raw, status } = ctx.response;
  if (status < 400 && !raw.redirected) {
    // A search may have changed meanwhile what the part shows: this answer is to what was asked before.
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
