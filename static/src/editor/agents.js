// What is known of the agents that the text mentions: current names, and what each mention is worth here.

const CHUNK = 100;
const PATIENCE_MS = 10_000;

export class Agents {
  known = new Map();
  listeners = new Set();
  wanted = new Set();
  turn = 0;
  asked = new Map(); // id -> the turn in which it was last asked for

  constructor(element, rows) {
    this.element = element;
    this.learn(rows);
  }

  /** Undefined while nothing is known; then {id, name, status, explanation, description, needs, queues, url}. */
  get(id) {
    const agent = this.known.get(id);
    if (!agent) this.want(id);
    return agent;
  }

  learn(rows) {
    for (const row of rows) this.known.set(row.id, row);
    for (const listener of this.listeners) listener(new Set(rows.map((row) => row.id)));
  }

  want(id) {
    if (this.wanted.size === 0) queueMicrotask(() => this.ask());
    this.wanted.add(id);
  }

  async ask() {
    const ids = [...this.wanted];
    const turn = ++this.turn;
    for (const id of ids) this.asked.set(id, turn);
    this.wanted.clear();
    for (let start = 0; start < ids.length; start += CHUNK) {
      const some = ids.slice(start, start + CHUNK);
      try {
        const { agents } = await this.fetch({ ids: some.join() });
        const found = new Set(agents.map((agent) => agent.id));
        const rows = [...agents, ...some.filter((id) => !found.has(id)).map(unknown)];
        // Who was asked for again since, for example with other queues, is learned from the later answer.
        this.learn(rows.filter(({ id }) => this.asked.get(id) === turn));
      } catch {
        return; // the badges keep the look they have
      }
    }
  }

  /** Asks again, e.g. because someone renamed an agent, or the queues of this one changed. */
  refresh() {
    if (this.known.size) {
      if (this.wanted.size === 0) queueMicrotask(() => this.ask());
      for (const id of this.known.keys()) this.wanted.add(id);
    }
  }

  search(words, signal) {
    return this.fetch({ q: words }, { signal });
  }

  /** The queues that the form says this agent works, saved or not. */
  get queues() {
    const boxes = this.element.closest("form")?.querySelectorAll('input[type="checkbox"][name^="consumes-"]:checked');
    return [...(boxes ?? [])].map((box) => box.name.slice("consumes-".length)).join();
  }

  async create(name) {
    const body = new URLSearchParams({ name, queues: this.queues });
    const token = this.element.closest("form")?.elements.csrfmiddlewaretoken?.value ?? "";
    const answer = await this.fetch({}, { method: "POST", body, headers: { "X-CSRFToken": token } }, "create");
    this.learn([answer.agent]);
    return answer.agent;
  }

  async fetch(query, options = {}, address = "search") {
    const { dataset } = this.element;
    const url = new URL(dataset[address], location);
    if (!options.method) url.search = new URLSearchParams({ ...query, queues: this.queues });
    const headers = { Accept: "application/json", ...options.headers };
    const signals = [AbortSignal.timeout(PATIENCE_MS), options.signal].filter(Boolean);
    const how = { ...options, headers, redirect: "manual", signal: AbortSignal.any(signals) };
    const response = await fetch(url, how).catch(() => Response.error());
    const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
    const answer = isJson ? await response.json() : {};
    if (!response.ok) throw new Error(answer.error ?? failure(response));
    return answer;
  }
}

const failure = ({ type }) =>
  type === "opaqueredirect" ? "You are signed out. Sign in in another tab, then type on." : "The agents cannot be loaded just now.";

const unknown = (id) => ({
  id,
  status: "unknown",
  explanation: "Nobody of your team has this id. Replace or remove this mention.",
});
