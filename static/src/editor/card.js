// What stands behind a badge: who the agent is, where it works, and what to do about the mention.
import { NodeSelection } from "prosemirror-state";
import { make, place } from "./dom.js";

const SHOW_MS = 250;
const HIDE_MS = 250;

export class Card {
  constructor(host, view, agents, { onReplace, onRemove }) {
    Object.assign(this, { view, agents, onReplace, onRemove });
    this.box = make("div", { class: "mention-card", popover: "manual", role: "group", "data-card": true });
    host.append(this.box);
    this.box.addEventListener("mouseenter", () => clearTimeout(this.timer));
    this.box.addEventListener("mouseleave", () => this.leave());
    this.box.addEventListener("mousedown", (event) => event.target.closest("a") || event.preventDefault());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focusout", (event) => this.box.contains(event.relatedTarget) || this.leave());
    this.learned = (ids) => this.dom && ids.has(this.node.attrs.id) && this.draw();
    agents.listeners.add(this.learned);
    view.dom.addEventListener("mouseover", this);
    view.dom.addEventListener("mouseout", this);
    addEventListener("scroll", this, { capture: true, passive: true });
  }

  handleEvent(event) {
    if (event.type === "scroll") {
      if (this.dom && !this.box.contains(event.target)) this.move();
      return;
    }
    const dom = event.target.closest?.(".mention-badge");
    if (!dom) return;
    clearTimeout(this.timer);
    if (event.type === "mouseover") this.timer = setTimeout(() => this.show(dom), this.dom ? 0 : SHOW_MS);
    else this.leave();
  }

  leave() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.box.contains(document.activeElement) && this.dom !== this.selected) this.hide();
    }, HIDE_MS);
  }

  /** Called after each change: a selected badge shows its card. */
  follow(state) {
    const { selection } = state;
    const isBadge = selection instanceof NodeSelection && selection.node.type.name === "mention";
    const before = this.selected;
    this.selected = isBadge ? this.view.nodeDOM(selection.from) : null;
    if (this.selected && this.selected !== before && this.view.hasFocus()) this.show(this.selected);
    else if (this.dom && (this.dom === before || !this.dom.isConnected) && this.dom !== this.selected) this.hide();
  }

  get node() {
    return this.dom?.badge.node;
  }

  show(dom) {
    if (!dom.isConnected) return;
    this.dom = dom;
    this.draw();
    if (!this.box.matches(":popover-open")) this.box.showPopover();
    this.move();
  }

  hide() {
    clearTimeout(this.timer);
    this.dom = null;
    if (this.box.matches(":popover-open")) this.box.hidePopover();
  }

  move() {
    if (!this.dom.isConnected) return this.hide();
    const anchor = this.dom.getBoundingClientRect();
    const seen = this.view.dom.getBoundingClientRect();
    if (anchor.bottom < seen.top || anchor.top > seen.bottom) return this.hide();
    return place(this.box, anchor);
  }

  draw() {
    const had = this.box.contains(document.activeElement) && document.activeElement.dataset.act;
    const agent = this.agents.get(this.node.attrs.id) ?? {};
    const { name = this.node.attrs.name, description, explanation, status = "ok", url, needs, queues } = agent;
    const kind = { person: "Person", group: "Group" }[this.node.attrs.kind] ?? "Agent";
    this.box.setAttribute("aria-label", `${kind} ${name}`);
    const rows = [make("p", { class: "mention-card-name" }, name)];
    if (explanation) rows.push(make("p", { class: `mention-card-reason is-${status}` }, explanation));
    if (description) rows.push(make("p", { class: "mention-card-line" }, description));
    if (needs?.length && status !== "deleted") rows.push(make("p", { class: "mention-card-line" }, `Needs ${needs.join(", ")}.`));
    if (queues && status !== "deleted") {
      rows.push(make("p", { class: "mention-card-line" }, queues.length ? `Works ${queues.join(", ")}.` : "Works no queue."));
      if (agent.produces?.length) rows.push(make("p", { class: "mention-card-line" }, `May add cases to ${agent.produces.join(", ")}.`));
      if (agent.asks) rows.push(make("p", { class: "mention-card-line" }, "May ask a person."));
    }
    const acts = make("div", { class: "mention-card-acts" });
    const act = (words, run) => make("button", { type: "button", class: "btn btn-sm", "data-act": words, onclick: run }, words);
    acts.append(act("Replace", () => this.act(this.onReplace)), act("Remove", () => this.act(this.onRemove)));
    if (url) acts.append(make("a", { href: url, target: "_blank", class: "link-quiet", "data-act": "Open" }, "Open agent", make("span", { class: "sr-only" }, " in a new tab")));
    this.box.replaceChildren(...rows, acts);
    if (had) this.box.querySelector(`[data-act="${had}"]`)?.focus();
  }

  act(run) {
    const { dom } = this;
    const position = this.view.posAtDOM(dom, 0);
    this.hide();
    run(position, dom);
  }

  focus() {
    if (!this.dom && this.selected) this.show(this.selected);
    this.box.querySelector("button")?.focus();
  }

  key(event) {
    const items = [...this.box.querySelectorAll("button, a")];
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.view.focus();
    } else if (by) {
      event.preventDefault();
      items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus();
    }
  }

  destroy() {
    clearTimeout(this.timer);
    this.agents.listeners.delete(this.learned);
    removeEventListener("scroll", this, { capture: true });
    this.box.remove();
  }
}
