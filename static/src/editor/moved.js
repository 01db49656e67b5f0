// How many cases would be decided differently by what was typed, at the sentence that is being edited. The panel beside the
// editor has the answer (templates/routes/impact.html). It is drawn over the lines and never in them, as a highlight and a
// chip, so that a key costs nothing.
import { make } from "./dom.js";

const NAME = "moved";
const END = /(?<=[.!?]["”’»)]?)\s+(?=[^\sa-z]|$)|(?<=[。！？])/g;
// Between the last word of a line, the chip, and the edge.
const GAP = 10;
const answer = () => document.querySelector("#impact-now [data-moved]");

export class Moved {
  constructor(editor) {
    this.editor = editor;
    this.dom = make("div", { class: "passage-moved", "aria-hidden": "true" });
    this.heard = () => this.show();
    document.addEventListener("htmx:after:swap", this.heard);
    editor.view.dom.addEventListener("scroll", this.heard, { passive: true });
    this.sizes = new ResizeObserver(this.heard);
    this.sizes.observe(editor.view.dom);
  }

  destroy() {
    document.removeEventListener("htmx:after:swap", this.heard);
    this.sizes.disconnect();
    this.clear();
  }

  /** With each key: what is shown was said of other words, and so is what may still come for them. */
  typed() {
    this.place = this.editor.view.state.selection.head;
    this.stale = answer()?.dataset.impact;
    if (this.dom.isConnected) this.clear();
  }

  clear() {
    CSS.highlights?.delete(NAME);
    this.dom.remove();
  }

  show() {
    const told = answer()?.dataset;
    if (!told || this.place === undefined || told.impact === this.stale || !this.editor.view) return;
    const { view } = this.editor;
    const [from, to, end] = sentence(view.state.doc, Math.min(this.place, view.state.doc.content.size));
    const edge = view.dom.getBoundingClientRect();
    const last = view.coordsAtPos(end);
    this.clear();
    if (last.bottom < edge.top || last.bottom > edge.bottom) return;
    this.dom.classList.toggle("tone-warning", told.moved !== "0");
    this.editor.append(this.dom);
    // After the words of the line, short where they leave little room; or else below them, at the right edge.
    const left = last.right + GAP;
    const fits = [" would move", ""].some((words) => {
      this.dom.textContent = `${told.moved} of ${told.of}${words}`;
      return left + this.dom.offsetWidth <= edge.right - GAP;
    });
    const right = edge.right - GAP - this.dom.offsetWidth;
    this.dom.style.left = `${view.dom.offsetLeft + (fits ? left : right) - edge.left}px`;
    this.dom.style.top = `${view.dom.offsetTop + (fits ? (last.top + last.bottom) / 2 : last.bottom) - edge.top}px`;
    if (told.moved !== "0") CSS.highlights?.set(NAME, new Highlight(range(view, from, to)));
  }
}

/** Where the sentence around a place begins and ends, and its line. A mention counts as one character. */
function sentence(doc, place) {
  const at = doc.resolve(place);
  const line = at.depth ? at.parent : doc.childAfter(place).node ?? doc.lastChild;
  const start = at.depth ? at.start() : place + 1;
  const text = line.textBetween(0, line.content.size, null, "\ufffc");
  let [from, to] = [0, text.length];
  for (const end of text.matchAll(END)) {
    if (start + end.index < place) from = end.index + end[0].length;
    else {
      to = end.index;
      break;
    }
  }
  return [start + Math.min(from, to), start + to, start + text.length];
}

function range(view, from, to) {
  const found = document.createRange();
  const [first, last] = [view.domAtPos(from), view.domAtPos(to)];
  found.setStart(first.node, first.offset);
  found.setEnd(last.node, last.offset);
  return found;
}
