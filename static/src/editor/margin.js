// What each sentence did, in the margin. It is drawn beside the editor and never in its lines, so that a key costs nothing.
// The switch is <input type="checkbox" data-passage-counts="…"> in the same form; this browser remembers it.
import { textOf } from "./document.js";
import { make } from "./dom.js";
import { write } from "./tokens.js";

const KEY = "passage-counts";
// Counts closer than this are of one row.
const ROW = 14;
// What may stand before a sentence in its line: nothing, the mark of a list item, or another sentence.
const BEFORE = /^\s*(?:(?:[-*+•–>]|\d{1,3}[.)]|[a-z][.)])\s+)?$|[.!?]["”’»)]?\s+$|[。！？]$/;

export class Margin {
  constructor(editor) {
    this.editor = editor;
    this.box = editor.form?.querySelector("[data-passage-counts]");
    if (!this.box) return;
    this.dom = make("div", { class: "passage-margin", "aria-hidden": "true" }, (this.list = make("div")));
    this.sizes = new ResizeObserver(() => this.draw());
    this.switched = (event) => this.remember(event);
    this.scrolled = () => (this.list.style.transform = `translateY(${-editor.view.dom.scrollTop}px)`);
    for (const name of ["input", "change"]) this.box.addEventListener(name, this.switched);
    editor.view.dom.addEventListener("scroll", this.scrolled, { passive: true });
    this.box.checked = localStorage.getItem(KEY) !== null;
    if (this.box.checked) this.show();
  }

  destroy() {
    if (!this.box) return;
    this.hide();
    for (const name of ["input", "change"]) this.box.removeEventListener(name, this.switched);
    this.editor.view.dom.removeEventListener("scroll", this.scrolled);
  }

  /** It is no change of the agent: the form hears nothing of it. */
  remember(event) {
    event.stopPropagation();
    if (event.type === "input") return;
    if (this.box.checked) localStorage.setItem(KEY, "");
    else localStorage.removeItem(KEY);
    if (this.box.checked) this.show();
    else this.hide();
  }

  async show() {
    const response = await fetch(this.box.dataset.passageCounts, { headers: { Accept: "application/json" } });
    if (!response.ok || !this.box.checked || !this.editor.view) return;
    this.told = await response.json();
    this.editor.classList.add("has-counts");
    this.editor.append(this.dom);
    this.sizes.observe(this.editor.view.dom);
    this.draw();
  }

  hide() {
    this.told = null;
    this.sizes.disconnect();
    this.dom.remove();
    this.editor.classList.remove("has-counts");
  }

  /** When the words rest. Sentences that say something else by now have no count until they are saved. */
  draw() {
    const { view } = this.editor;
    if (!this.told || !view) return;
    const edge = view.dom.getBoundingClientRect();
    const rows = [];
    for (const { item, position } of found(view.state.doc, this.told.items)) {
      const top = view.coordsAtPos(position).top - edge.top + view.dom.scrollTop;
      const row = rows.at(-1);
      if (row && Math.abs(row.top - top) < ROW) row.items.push(item);
      else rows.push({ top, items: [item] });
    }
    this.list.replaceChildren(...rows.map((row) => this.count(row)));
    Object.assign(this.dom.style, { top: `${view.dom.offsetTop}px`, height: `${view.dom.offsetHeight}px` });
    this.scrolled();
  }

  count({ top, items }) {
    const sum = (of, index) => items.reduce((all, item) => all + item[of][index], 0);
    const [cases, tests, wrong] = [0, 1, 2].map((index) => sum("now", index));
    const before = sum("before", 0);
    const words = [
      items.every((item) => item.unused) ? `Not used in ${this.told.period}` : `${plural(cases, "handover")} in ${this.told.period}`,
      wrong && `${wrong} corrected`,
      tests && plural(tests, "test"),
      before && `${plural(before, "handover")} before this wording`,
    ];
    const css = `passage-count${wrong ? " is-corrected tone-warning" : cases + tests ? "" : " is-unused"}`;
    const href = items[0].url + items.slice(1).map((item) => `&passage=${item.start}`).join("");
    const link = make("a", { class: css, href, tabindex: "-1", title: words.filter(Boolean).join(", ") });
    link.append(wrong ? `${wrong}/${cases}` : `${cases}`);
    link.style.top = `${top}px`;
    return link;
  }
}

const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** Where the passages stand in the document: {item, position}, each once, from the top. One that says the same as another
    stands where the other does not. */
function found(doc, items) {
  const left = new Set(items);
  const places = [];
  doc.forEach((line, start) => {
    if (!left.size || !line.content.size) return;
    const text = textOf(line.content);
    const taken = new Set();
    for (const item of left) {
      const offset = placeOf(item.source, text, taken);
      if (offset < 0) continue;
      left.delete(item);
      taken.add(offset);
      places.push({ item, position: start + 1 + inLine(line, offset) });
    }
  });
  return places;
}

/** Where the line says it as a sentence of its own, and not as the end of a longer one. */
function placeOf(source, text, taken) {
  let offset = text.indexOf(source);
  while (offset >= 0 && (taken.has(offset) || !BEFORE.test(text.slice(0, offset)))) offset = text.indexOf(source, offset + 1);
  return offset;
}

/** A place in a line's text as one in its nodes, in which a mention has the length one. */
function inLine(line, offset) {
  let [position, passed] = [0, 0];
  line.forEach((node) => {
    const length = node.isText ? node.text.length : write(node.attrs.id, node.attrs.name, node.attrs.kind).length;
    if (passed < offset) position += Math.min(node.isText ? offset - passed : 1, node.nodeSize);
    passed += length;
  });
  return position;
}
