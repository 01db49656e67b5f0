// The lines of the NEEDS section, folded away while the chips say the same. The caret opens them again.
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";
import { isHeading, readSection, words } from "./need_lines.js";

const key = new PluginKey("folding");

export const isFolded = (state) => key.getState(state).folded;

export const fold = (folded) => (tr) => tr.setMeta(key, folded);

export const folding = () =>
  new Plugin({
    key,
    state: {
      init: (_, { doc }) => {
        const fields = readSection(words(doc));
        return drawn(doc, fields.length > 0 && fields.every((field) => !field.wrong));
      },
      apply(tr, before, _, { doc, selection }) {
        const asked = tr.getMeta(key);
        if (asked !== undefined) return drawn(doc, asked);
        if (!before.folded) return before;
        const lines = before.lines.map(tr.mapping, doc);
        if (lines.find().length < before.lines.find().length) return drawn(doc, true); // the text was written again
        const moved = tr.docChanged || tr.selectionSet;
        const { from, to } = selection.$head.parent.isTextblock ? { from: selection.$head.before(), to: selection.$head.after() } : selection;
        return moved && lines.find(from, to).some((line) => line.from === from) ? drawn(doc, false) : { folded: true, lines };
      },
    },
    props: { decorations: (state) => key.getState(state).lines },
  });

function drawn(doc, folded) {
  const found = folded ? decorations(doc) : [];
  return { folded: found.length > 0, lines: DecorationSet.create(doc, found) };
}

/** Of each section the heading, with the number of its fields, and the lines from there to its last field. */
function decorations(doc) {
  const texts = words(doc);
  const fields = new Set(readSection(texts).map((field) => field.index));
  const spans = [];
  doc.forEach((line, position) => spans.push([position, position + line.nodeSize]));
  const found = [];
  texts.forEach((text, heading) => {
    if (!isHeading(text)) return;
    let count = 0;
    let last = heading;
    for (let index = heading + 1; index < texts.length && (fields.has(index) || !texts[index].trim()); index++) {
      if (fields.has(index)) [last, count] = [index, count + 1];
    }
    if (!count) return;
    found.push(Decoration.node(...spans[heading], { class: "needs-heading", "data-count": `${count} field${count === 1 ? "" : "s"}` }));
    for (let index = heading + 1; index <= last; index++) found.push(Decoration.node(...spans[index], { class: "is-folded" }));
  });
  return found;
}
