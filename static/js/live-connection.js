// The browser's one connection for live updates: one page holds it (live-leader.js) and tells the others.
//
// Browsers open six connections to a host over HTTP/1.1, so a stream for each page would stop the seventh page.
// Every page keeps the server's time up to which it has been told everything (`seen`, at first when it was drawn). Who
// takes the lead asks the server for what has changed since its own; who joins asks the leader, which remembers.
import { Leader } from "./live-leader.js";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
// Streams end after some minutes by design: a short gap is not worth a word.
const SILENT_MS = 2500;
const GIVEN_WAY_MS = 60_000;
const REMEMBERED = 1000;
const MARGIN_SECONDS = 2; // as _RENDERING_SECONDS in teams/access/live_streams.py

export class Connection {
  state = "connecting"; // live, reconnecting, polling
  failures = 0;
  heard = []; // by a leader: {kind, id, at}

  /** `on`: signal(kind, id), refresh(): whatever was missed, state(name). */
  constructor({ src, team, person, seen }, on) {
    Object.assign(this, { src, team, on, seen });
    this.leader = new Leader(`baton-live:${person}:${team}`, {
      onLead: () => this.lead(),
      onFollow: () => this.follow(),
      onMessage: (message) => this.receive(message),
      beat: () => ({ state: this.state, seen: this.seen }),
    });
  }

  get isJoined() {
    return this.leader.isIn;
  }

  join() {
    this.isSynced = false;
    this.leader.join();
  }

  leave() {
    this.disconnect();
    this.leader.leave();
  }

  /** Someone looks at the page, or asks for another try. */
  retryNow() {
    if (!this.leader.leads) return this.leader.say({ retry: true });
    if (this.state === "live") return;
    this.disconnect();
    this.connect();
  }

  become(state) {
    this.state = state;
    this.on.state(state);
    this.leader.beat();
  }

  // --- As the one that leads -----------------------------------------------------------------

  lead() {
    this.heard = [];
    this.since = this.seen;
    this.connect();
  }

  async connect() {
    this.retry = undefined;
    const request = (this.request = new AbortController());
    try {
      const response = await fetch(this.address(), { headers: { Accept: "text/event-stream" }, cache: "no-store", redirect: "error", signal: request.signal });
      if (!response.ok) return this.refused(response.status);
      this.opened();
      for await (const event of events(response.body)) this.take(event);
      this.lost();
    } catch {
      if (!request.signal.aborted) this.lost();
    }
  }

  address() {
    const query = new URLSearchParams();
    if (this.team) query.set("team", this.team);
    if (this.seen) query.set("drawn", this.seen);
    return query.size ? `${this.src}?${query}` : this.src;
  }

  disconnect() {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.retry = this.silence = undefined;
    this.request?.abort();
    this.request = undefined;
  }

  opened() {
    clearTimeout(this.silence);
    this.silence = undefined;
    this.failures = 0;
    this.hasGivenWay = false;
    if (this.wasLost && !this.seen) this.tell({ kind: "refresh" });
    this.wasLost = false;
    this.become("live");
  }

  take({ kind, data, id }) {
    if (kind === "enough") this.hasGivenWay = true;
    // What the person may see has changed: whatever is shown is fetched when the stream is back.
    else if (kind === "ended") this.seen = this.since = undefined;
    else if (kind === "beat") this.see(Number(id));
    else this.tell({ kind, id: data, at: Number(id) || undefined });
  }

  /** For this page and all others. */
  tell(signal) {
    this.heard.push(signal);
    if (this.heard.length > REMEMBERED) this.since = this.heard.shift().at;
    this.leader.say({ signal });
    this.hear(signal);
  }

  lost(wait = FIRST_RETRY_MS * 2 ** this.failures) {
    this.request?.abort();
    this.request = undefined;
    this.wasLost = true;
    this.failures += 1;
    if (this.hasGivenWay || this.failures >= 3) this.become("polling");
    else this.silence ??= setTimeout(() => this.become("reconnecting"), SILENT_MS);
    const longest = this.hasGivenWay ? GIVEN_WAY_MS : Math.min(wait, LAST_RETRY_MS);
    // Not all browsers at once after a restart of the server.
    this.retry = setTimeout(() => this.connect(), longest * (0.5 + Math.random()));
  }

  /** Who was signed out, or is no member any more, is led away by what the parts are answered. */
  refused(status) {
    if (status === 401 || status === 403) this.tell({ kind: "refresh" });
    this.lost(status === 401 || status === 403 ? LAST_RETRY_MS : undefined);
  }

  // --- As one of the others ------------------------------------------------------------------

  follow() {
    this.disconnect();
    this.isSynced = false;
  }

  receive({ beat, signal, missed, since, to, retry, ask, from, leads }) {
    if (this.leader.leads) {
      if (retry) this.retryNow();
      if (ask && this.state === "live") this.answer(from, ask.seen);
      return;
    }
    if (leads && from !== this.leading) {
      this.leading = from;
      this.isSynced = false;
    }
    if (signal) this.hear(signal, this.isSynced);
    if (beat) this.follows(beat);
    if (to === this.leader.id) this.catchUp(since, missed);
  }

  follows({ state, seen }) {
    if (state !== this.state) {
      this.state = state;
      this.on.state(state);
    }
    if (state !== "live") this.isSynced = false;
    else if (this.isSynced) this.see(seen);
    else this.leader.say({ ask: { seen: this.seen } });
  }

  answer(to, seen) {
    const missed = this.heard.filter(({ at }) => !at || at >= seen - MARGIN_SECONDS);
    this.leader.say({ to, since: this.since, missed });
  }

  catchUp(since, missed) {
    this.isSynced = true;
    if (this.seen >= since) missed.forEach((signal) => this.hear(signal));
    else this.hear({ kind: "refresh" });
  }

  hear({ kind, id, at }, isComplete = true) {
    if (isComplete) this.see(at);
    if (kind === "refresh") this.on.refresh();
    else this.on.signal(kind, id);
  }

  see(at) {
    if (at && !(this.seen > at)) this.seen = at;
  }
}

/** Server-sent events. An EventSource would hear only the kinds that this page names, and says of no answer why. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => [line.split(":", 1)[0], line.slice(line.indexOf(":") + 1).trim()]));
      if (fields.event) yield { kind: fields.event, data: fields.data ?? "", id: fields.id };
    }
  }
}
