// The list of agents to choose from: the rows, which of them is active, and what is said about them.
import { make, place } from "./dom.js";

const PATIENCE_MS = 150;
const HEADS = { person: "People", group: "Groups" };
let lists = 0;

export class Options {
  rows = [];
  active = -1;
  state = "closed"; // loading, ready, failed

  /** `agents`: Agents. `icons`: drawn by the server. */
  constructor(host, agents) {
    this.agents = agents;
    this.id = `mention-options-${++lists}`;
    this.list = make("div", { id: this.id, role: "listbox", "aria-label": "Agents", class: "mention-options" });
    this.note = make("p", { class: "mention-note" });
    this.box = make("div", { class: "mention-list", popover: "manual" }, this.list, this.note);
    this.live = make("div", { class: "sr-only", role: "status", "aria-live": "polite" });
    host.append(this.box, this.live);
    // The caret stays where it is, on touch screens the keyboard too.
    this.box.addEventListener("mousedown", (event) => event.target.closest("input") || event.preventDefault());
    this.list.addEventListener("click", (event) => this.click(event.target.closest("[role=option]")));
    this.list.addEventListener("mousemove", (event) => this.point(event.target.closest("[role=option]")));
  }

  get isOpen() {
    return this.state !== "closed";
  }

  get isWaiting() {
    return this.state === "loading";
  }

  /** `anchor()` is a DOMRect; `onChoose(agent)`; `onActive(id of an element)`: for aria-activedescendant; `field`: for words to search. */
  open({ anchor, onChoose, onActive, onClose, field = null, self = null }) {
    Object.assign(this, { anchor, onChoose, onActive, onClose, self, rows: [], found: new Map(), isChosen: false });
    this.state = "loading";
    this.words = null;
    this.field?.remove();
    this.field = field;
    if (field) this.box.prepend(field);
    this.box.showPopover();
    addEventListener("scroll", this, { capture: true, passive: true });
    addEventListener("resize", this);
    visualViewport?.addEventListener("resize", this);
  }

  close() {
    if (!this.isOpen) return;
    this.state = "closed";
    this.drop();
    clearTimeout(this.timer);
    removeEventListener("scroll", this, { capture: true });
    removeEventListener("resize", this);
    visualViewport?.removeEventListener("resize", this);
    this.box.hidePopover();
    this.list.replaceChildren();
    this.live.textContent = "";
    this.onActive(null);
    this.onClose?.();
  }

  handleEvent(event) {
    if (!this.box.contains(event.target)) this.move();
  }

  move() {
    place(this.box, this.anchor());
  }

  async search(words) {
    if (words === this.words) return this.move();
    this.words = words;
    this.isChosen = false; // who types on has not chosen yet
    this.drop();
    clearTimeout(this.timer);
    const known = this.found.get(words);
    if (known) return this.show(known);
    this.state = "loading";
    const request = (this.request = new AbortController());
    this.answer = this.agents.search(words.trim(), request.signal);
    if (this.rows.length) this.timer = setTimeout(() => this.drawWaiting(), PATIENCE_MS);
    else this.drawWaiting();
    try {
      const answer = await this.answer;
      if (this.request !== request) return;
      this.found.set(words, answer);
      this.show(answer);
    } catch (error) {
      if (this.request === request) this.fail(error.message);
    }
  }

  drop() {
    this.request?.abort();
    this.request = null;
  }

  /** Takes the rows that are on their way out of the list: a promise of the agent that Enter means. */
  later() {
    const { answer, words } = this;
    this.request = null;
    return answer.then((found) => best(found, words));
  }

  drawWaiting() {
    this.rows = [];
    this.list.replaceChildren();
    this.tell("Looking for agents…");
    this.activate(-1);
    this.move();
  }

  fail(message) {
    clearTimeout(this.timer);
    this.state = "failed";
    this.rows = [];
    this.list.replaceChildren();
    this.tell(message);
    this.activate(-1);
    this.move();
  }

  show(answer) {
    clearTimeout(this.timer);
    this.state = "ready";
    const { agents, more, creatable } = answer;
    const [people, own] = [agents.filter(({ kind }) => HEADS[kind]), agents.filter(({ kind }) => !HEADS[kind])];
    const rowsOf = (some) => some.map((agent) => ({ agent, dead: agent.status !== "ok" }));
    const name = this.words.trim().replace(/\s+/g, " ");
    const taken = agents.some((agent) => agent.name.toLowerCase() === name.toLowerCase());
    this.rows = [...rowsOf(own), ...(creatable && name && !taken ? [{ create: name }] : []), ...rowsOf(people)];
    this.list.replaceChildren(...this.rows.flatMap((row, index) => [...this.head(row, this.rows[index - 1]), this.draw(row, index)]));
    this.list.hidden = this.rows.length === 0;
    const count = agents.length;
    this.tell(
      count === 0 ? "No agent matches" : more ? "Type on to find others" : "",
      count === 0 ? "No agent matches" : counted(own.length, people.length),
    );
    const first = best(answer, this.words);
    this.activate(first ? this.rows.findIndex((row) => row.agent === first) : -1);
    this.move();
    if (this.isChosen && first) this.choose();
  }

  tell(shown, said = shown) {
    this.note.textContent = shown;
    this.note.hidden = !shown;
    this.live.textContent = said;
  }

  /** The heading of a group of rows, above its first; agents alone need none. */
  head(row, before) {
    const words = HEADS[row.agent?.kind];
    if (!words || row.agent.kind === before?.agent?.kind) return [];
    return [make("div", { class: "mention-options-head", role: "presentation" }, words)];
  }

  /** The rows that can be chosen, without the headings between them. */
  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  draw(row, index) {
    const id = `${this.id}-${index}`;
    if (row.create) {
      const words = make("span", { class: "mention-option-name" }, `Create agent “${row.create}”`);
      return make("div", { id, role: "option", "aria-selected": "false", class: "mention-option is-create" }, plus(), words);
    }
    const { name, description, explanation, needs, queues, paused } = row.agent;
    const works = !queues ? "" : queues.length ? `Works ${queues.join(", ")}` : "Works no queue";
    const head = make("span", { class: "mention-option-head" });
    head.append(make("span", { class: "mention-option-name" }, ...marked(name, this.words.trim())), make("span", { class: "mention-option-queues" }, paused ? `${works} · Paused` : works));
    const option = make("div", { id, role: "option", "aria-selected": "false", "aria-disabled": row.dead && "true", "data-kind": HEADS[row.agent.kind] && row.agent.kind, class: "mention-option" }, head);
    if (description) option.append(make("span", { class: "mention-option-line" }, description));
    if (needs.length) option.append(make("span", { class: "mention-option-line" }, `Needs ${needs.join(", ")}`));
    if (row.dead) option.append(make("span", { class: "mention-option-reason" }, explanation));
    return option;
  }

  activate(index) {
    const { options } = this;
    options[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    const option = options[index];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    this.onActive(option?.id ?? null);
  }

  point(option) {
    const index = this.options.indexOf(option);
    if (index >= 0 && index !== this.active) this.activate(index);
  }

  click(option) {
    const index = this.options.indexOf(option);
    if (index < 0) return;
    this.activate(index);
    this.take(this.rows[index]);
  }

  step(by) {
    const count = this.rows.length;
    if (count) this.activate(this.active < 0 ? (by > 0 ? 0 : count - 1) : (this.active + by + count) % count);
  }

  /** Whether there was something to choose. While the rows are on their way, the choice waits for them. */
  choose() {
    this.isChosen = this.isWaiting;
    if (this.isWaiting) return true;
    const row = this.rows[this.active];
    if (row) this.take(row);
    return !!row;
  }

  take(row) {
    if (row.dead) this.live.textContent = row.agent.explanation;
    else if (row.create) this.create(row.create);
    else this.onChoose(row.agent);
  }

  async create(name) {
    if (this.creating) return;
    this.creating = true;
    const { onChoose, words } = this;
    this.tell(`Creating ${name}…`);
    try {
      const agent = await this.agents.create(name);
      if (this.isOpen && this.words === words) onChoose(agent);
    } catch (error) {
      if (this.isOpen && this.words === words) this.tell(error.message);
    } finally {
      this.creating = false;
    }
  }

  destroy() {
    this.close();
    this.box.remove();
    this.live.remove();
  }
}

/** Where someone went on writing a sentence, Enter is a new line and not a guess. */
function best({ agents, similar }, words) {
  const isGuess = similar && /[\s.,;:!?]$/.test(words);
  return isGuess ? undefined : agents.find((agent) => agent.status === "ok");
}

/** `20 agents, 1 person or group` */
function counted(agents, people) {
  const words = [agents || !people ? `${agents} ${agents === 1 ? "agent" : "agents"}` : ""];
  if (people) words.push(`${people} ${people === 1 ? "person or group" : "people and groups"}`);
  return words.filter(Boolean).join(", ");
}

function plus() {
  return make("span", { class: "mention-option-plus", "aria-hidden": "true" }, "+");
}

/** The name with what was typed set off. */
function marked(name, words) {
  const at = words ? name.toLowerCase().indexOf(words.toLowerCase()) : -1;
  if (at < 0 || name.toLowerCase().length !== name.length) return [name];
  return [name.slice(0, at), make("b", {}, name.slice(at, at + words.length)), name.slice(at + words.length)];
}
