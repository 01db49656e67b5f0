// Light structure: headings and lists look like what they are, and lists go on at Enter. The text stays as typed.
import { splitBlock } from "prosemirror-commands";
import { Plugin, TextSelection } from "prosemirror-state";
import { changedLines, readSlice } from "./document.js";
import { TOKEN } from "./tokens.js";

// As in builder/procedures/lines.py.
const ITEM = /^(\s*)([-*+•–]|\d{1,3}[.)]|[a-z][.)])(\s+)/;
const DEEPEST = 3;
const ATOM = "\ufffc";

const words = (line) => line.textBetween(0, line.content.size, "", ATOM);

function look(line) {
  const text = words(line);
  if (text.startsWith("#")) return "is-heading";
  const item = ITEM.exec(text);
  if (item) return `is-item${/\w/.test(item[2]) ? "" : " is-bullet"} depth-${Math.min(item[1].length >> 1, DEEPEST)}`;
  const shouted = !/[\p{Ll}\ufffc]/u.test(text) && /\p{Lu}/u.test(text);
  return shouted ? "is-heading" : "";
}

/** A line as it looks. Decorations would say the same, at 5 ms a key in 20,000 words: each line searches all of them. */
export class Line {
  constructor(node) {
    this.dom = this.contentDOM = document.createElement("p");
    this.looks = [];
    this.update(node);
  }

  /** What else is in its class is a decoration's, such as that the line is folded away. */
  update(node) {
    const looks = look(node).split(" ").filter(Boolean);
    if (looks.join(" ") === this.looks.join(" ")) return true;
    this.dom.classList.remove(...this.looks);
    this.dom.classList.add(...looks);
    this.looks = looks;
    return true;
  }
}

/** Whatever way text came in, a line holds no line break, and what reads as a token is one. */
export const tidy = () =>
  new Plugin({
    appendTransaction(transactions, _, { doc, tr }) {
      if (!transactions.some((transaction) => transaction.docChanged)) return null;
      for (const { line, position } of changedLines(transactions, doc).reverse()) {
        line.forEach((node, offset) => {
          if (!node.isText || (!/[\r\n]/.test(node.text) && node.text.search(TOKEN) < 0)) return;
          const start = tr.mapping.map(position + 1 + offset);
          tr.replace(start, start + node.nodeSize, readSlice(node.text));
        });
      }
      return tr.docChanged ? tr : null;
    },
  });

/** Enter in a list: the next item. In an empty item: the list ends. */
export function continueList(state, dispatch) {
  const { $from, empty } = state.selection;
  const item = empty && ITEM.exec(words($from.parent));
  if (!item || $from.parentOffset < item[0].length) return false;
  const { tr } = state;
  if ($from.parent.content.size === item[0].length) {
    dispatch?.(tr.delete($from.start(), $from.end()).scrollIntoView());
    return true;
  }
  const marker = next(item[2]);
  tr.split($from.pos).insertText(item[1] + marker + item[3], $from.pos + 2);
  tr.setSelection(TextSelection.create(tr.doc, $from.pos + 2 + item[1].length + marker.length + item[3].length));
  renumber(tr, $from.index(0) + 2, item[1], marker);
  dispatch?.(tr.scrollIntoView());
  return true;
}

function next(marker) {
  const end = marker.at(-1);
  if (/^\d/.test(marker)) return `${parseInt(marker) + 1}${end}`;
  return /^[a-y][.)]$/.test(marker) ? String.fromCharCode(marker.charCodeAt(0) + 1) + end : marker;
}

/** The items below go on counting, as long as they counted on before. */
function renumber(tr, index, indent, marker) {
  if (!/^\d/.test(marker)) return;
  for (let number = parseInt(marker); index < tr.doc.childCount; index++) {
    const item = ITEM.exec(words(tr.doc.child(index)));
    if (!item || item[1].length < indent.length) return;
    if (item[1].length > indent.length) continue;
    if (item[2] !== `${number}${marker.at(-1)}`) return;
    number++;
    let position = 1 + item[1].length;
    for (let before = 0; before < index; before++) position += tr.doc.child(before).nodeSize;
    tr.insertText(`${number}${marker.at(-1)}`, position, position + item[2].length);
  }
}

export const newLine = (state, dispatch) => splitBlock(state, dispatch);

