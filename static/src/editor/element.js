// <mention-editor data-search="…" data-create="…" data-agents="[…]"><textarea name="…">…</textarea></mention-editor>
//
// Draws the form's own textarea as an editor with badges. The textarea stays the field: the form posts it, and without
// scripts it is used as it is. data-agents: what is known of the mentioned agents from the start; data-live: when to ask again.
import { closeHistory } from "prosemirror-history";
import { EditorState, NodeSelection, Selection, TextSelection } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { Agents } from "./agents.js";
import { Badge, spoken } from "./badges.js";
import { Card } from "./card.js";
import { isEmpty, read, readSlice, schema, textOf } from "./document.js";
import { make } from "./dom.js";
import { catchUp, deleteBadge, leaveBadge, stepOffBadge } from "./keys.js";
import { isWaiting, settled } from "./late.js";
import { Line } from "./lines.js";
import { Margin } from "./margin.js";
import { Moved } from "./moved.js";
import { Needs } from "./needs.js";
import { Options } from "./options.js";
import { replace } from "./replacing.js";
import { attributes, clearance, plugins } from "./setup.js";
import { STARTERS } from "./starters.js";

const INPUT_MS = 300;
const PLACE = "mention-editor";

class MentionEditor extends HTMLElement {
  connectedCallback() {
    this.textarea = this.querySelector("textarea");
    if (!this.textarea || this.view) return;
    // Who was faster than this script writes on at the same place.
    const caret = document.activeElement === this.textarea ? this.textarea.selectionEnd : null;
    this.form = this.textarea.form;
    this.agents = new Agents(this, JSON.parse(this.dataset.agents || "[]"));
    this.options = new Options(this, this.agents);
    this.starters = this.offerStarters();
    this.start();
    this.textarea.hidden = true;
    this.listen("addEventListener");
    // Someone's morph may throw away what it does not know.
    this.guard = new MutationObserver(() => this.contains(this.view.dom) || this.restart());
    this.guard.observe(this, { childList: true });
    this.takePlace();
    if (caret !== null) this.stand(read(this.textarea.value.slice(0, caret)).content.size - 1);
  }

  disconnectedCallback() {
    if (!this.view) return;
    this.write();
    this.guard.disconnect();
    this.listen("removeEventListener");
    this.stop();
    this.options.destroy();
    this.starters.remove();
    this.textarea.hidden = false;
  }

  listen(way) {
    this.form?.[way]("formdata", this);
    this.form?.[way]("submit", this, true);
    this.form?.[way]("reset", this);
    this.form?.[way]("change", this);
    window[way]("beforeunload", this, { capture: true });
    window[way]("pageshow", this);
    this[way]("live", this);
    this[way]("input", this);
    for (const label of this.textarea.labels ?? []) label[way]("click", this);
  }

  on = {
    formdata: (event) => this.write(event.formData),
    submit: (event) => this.leave(event),
    reset: () => setTimeout(() => (this.value = this.textarea.defaultValue)),
    change: (event) => event.target.name?.startsWith("consumes-") && this.agents.refresh(),
    beforeunload: (event) => this.warn(event),
    pageshow: () => this.reread(),
    live: () => this.agents.refresh(),
    click: () => this.view.focus(),
    // The browser's own events come with each key; the textarea's comes when the words rest.
    input: (event) => event.target !== this.textarea && event.stopPropagation(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  // --- The view ----------------------------------------------------------------------------

  start() {
    this.written = this.told = this.textarea.value;
    const doc = read(this.textarea.value);
    const mount = make("div", { class: "mention-mount" });
    this.textarea.before(mount);
    this.view = new EditorView({ mount }, {
      state: EditorState.create({ doc, plugins: plugins(this) }),
      nodeViews: { line: (node) => new Line(node), mention: (node) => new Badge(node, this.agents, this) },
      attributes: attributes(this.textarea),
      dispatchTransaction: (transaction) => this.dispatch(transaction),
      handleKeyDown: (view, event) => stepOffBadge(view, event),
      handleDOMEvents: { keydown: catchUp, beforeinput: deleteBadge, compositionstart: (view) => void leaveBadge(view), blur: () => void this.rest() },
      ...clearance(),
    });
    this.card = new Card(this, this.view, this.agents, {
      onReplace: (position, dom) => replace(this.view, this.options, position, dom),
      onRemove: (position) => this.removeBadge(position),
    });
    this.margin = new Margin(this);
    this.moved = new Moved(this);
    this.needs = new Needs(this);
    this.showEmptiness();
  }

  stop() {
    clearTimeout(this.timer);
    for (const part of [this.card, this.margin, this.moved, this.needs]) part.destroy();
    this.options.close();
    this.view.dom.remove();
    this.view.destroy();
    this.view = null;
  }

  restart() {
    const text = textOf(this.view.state.doc);
    this.guard.disconnect();
    this.stop();
    this.options.destroy();
    this.options = new Options(this, this.agents);
    this.starters.remove();
    this.starters = this.offerStarters();
    this.textarea = this.querySelector("textarea") ?? this.appendChild(this.textarea);
    this.textarea.value = text;
    this.textarea.hidden = true;
    this.start();
    this.guard.observe(this, { childList: true });
  }

  dispatch(transaction) {
    const { view } = this;
    view.updateState(view.state.apply(transaction));
    for (const part of [this.card, this.needs]) part?.follow(view.state);
    if (transaction.selectionSet && view.state.selection instanceof NodeSelection) {
      this.options.live.textContent = `${spoken(view.state.selection.node, this.agents)}. Enter for what to do with it.`;
    }
    if (!transaction.docChanged) return;
    this.moved.typed();
    this.showEmptiness();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), INPUT_MS);
  }

  showEmptiness() {
    const empty = isEmpty(this.view.state.doc);
    if (this.starters.hidden === empty) this.starters.hidden = !empty;
    if (this.view.dom.classList.contains("is-empty") !== empty) this.view.dom.classList.toggle("is-empty", empty);
  }

  // --- The text ----------------------------------------------------------------------------

  get value() {
    return this.view ? textOf(this.view.state.doc) : this.textarea.value;
  }

  set value(text) {
    const { state } = this.view;
    this.view.dispatch(closeHistory(state.tr).replaceWith(0, state.doc.content.size, read(text).content).setMeta("silent", true));
  }

  /** A draft that was kept becomes the default: see draft-saver.js. */
  get dirty() {
    return this.value !== this.textarea.defaultValue;
  }

  write(formData) {
    this.written = this.value;
    this.textarea.value = this.written;
    this.written = this.textarea.value;
    if (formData && this.textarea.name && !this.textarea.disabled) formData.set(this.textarea.name, this.written);
  }

  /** One event for all that was typed since the last; those who asked for the form's data in the meantime were told nothing. */
  rest() {
    clearTimeout(this.timer);
    if (!this.view) return;
    this.write();
    this.margin.draw();
    this.needs.draw();
    if (this.written === this.told) return;
    this.told = this.written;
    this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** A browser that goes back fills the fields in by itself, after we have read them. */
  reread() {
    this.leaving = false;
    if (this.textarea.value !== this.written) this.value = this.textarea.value;
  }

  warn(event) {
    this.write();
    if (!this.leaving && this.dirty) event.preventDefault();
  }

  /** What is sent has the mentions that were chosen before their names came. */
  leave(event) {
    if (isWaiting(this.view.state)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!this.sending) this.sending = settled(this.view.state).then(() => this.send(event.submitter));
      return;
    }
    this.keepPlace();
    setTimeout(() => (this.leaving = !event.defaultPrevented));
  }

  send(button) {
    this.sending = null;
    if (this.view) this.form.requestSubmit(button);
  }

  /** The caret stands after saving where it stood before. */
  keepPlace() {
    if (!this.view.hasFocus()) return;
    const { anchor, head } = this.view.state.selection;
    const place = { path: location.pathname, name: this.textarea.name, anchor, head, page: scrollY, top: this.view.dom.scrollTop };
    sessionStorage.setItem(PLACE, JSON.stringify(place));
  }

  takePlace() {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    sessionStorage.removeItem(PLACE);
    const { view, textarea } = this;
    if (place?.path === location.pathname && place.name === textarea.name) {
      this.stand(place.anchor, place.head);
      view.dom.scrollTop = place.top;
      scrollTo({ top: place.page, behavior: "instant" });
    }
    const wrong = this.form?.querySelector("[aria-invalid=true]:not(.mention-text)");
    if (wrong === textarea) view.focus();
  }

  stand(anchor, head = anchor) {
    const { view } = this;
    const { doc } = view.state;
    const at = (position) => doc.resolve(Math.min(position, doc.content.size));
    view.dispatch(view.state.tr.setSelection(TextSelection.between(at(anchor), at(head))));
    view.focus();
  }

  // --- Badges ------------------------------------------------------------------------------

  get badge() {
    const { selection } = this.view.state;
    return selection instanceof NodeSelection && selection.node.type === schema.nodes.mention;
  }

  enterBadge() {
    if (this.badge) this.card.focus();
    return this.badge;
  }

  escapeBadge() {
    if (!this.card.dom) return false;
    this.card.hide();
    return true;
  }

  removeBadge(position) {
    const { doc, tr } = this.view.state;
    // One space goes with it, so that two do not stay.
    const spaces = /^ $/.test(doc.textBetween(position + 1, Math.min(position + 2, doc.content.size), "|", "|"));
    const before = doc.textBetween(Math.max(0, position - 1), position, "\n", "|");
    const end = position + 1 + (spaces && (before === " " || before === "") ? 1 : 0);
    this.view.dispatch(closeHistory(tr.delete(position, end)));
    this.view.focus();
  }

  // --- Starters ----------------------------------------------------------------------------

  offerStarters() {
    const buttons = STARTERS.map(({ name, text }) =>
      make("button", { type: "button", class: "btn btn-sm", onclick: () => this.startFrom(text) }, name),
    );
    const bar = make("div", { class: "mention-starters", role: "group", "aria-label": "Start from" }, make("span", {}, "Start from"), ...buttons);
    this.textarea.before(bar);
    return bar;
  }

  startFrom(text) {
    const { state } = this.view;
    const tr = closeHistory(state.tr).replace(0, state.doc.content.size, readSlice(text)).setMeta("silent", true);
    this.view.dispatch(tr.setSelection(Selection.atStart(tr.doc)));
    this.view.focus();
  }
}

customElements.define("mention-editor", MentionEditor);
