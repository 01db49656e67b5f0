// The document is the text: a line for each line, an atom for each token. Nothing else exists in it, so reading a text in
// and writing it out again changes nothing.
import { Fragment, Schema, Slice } from "prosemirror-model";
import { isId, split, write } from "./tokens.js";

export const schema = new Schema({
  nodes: {
    doc: { content: "line+" },
    line: {
      content: "(text | mention)*",
      whitespace: "pre",
      toDOM: () => ["p", 0],
      parseDOM: [{ tag: "p" }, { tag: "div" }],
    },
    text: {},
    mention: {
      inline: true,
      atom: true,
      attrs: { id: {}, name: {}, kind: { default: "agent" } },
      toDOM: ({ attrs }) => ["span", { "data-agent": attrs.id, "data-name": attrs.name, "data-kind": attrs.kind }, `@${attrs.name}`],
      parseDOM: [{ tag: "span[data-agent]", getAttrs: (dom) => attributes(dom.dataset) }],
    },
  },
});

const KINDS = ["agent", "person", "group"];
const attributes = ({ agent, name, kind = "agent" }) =>
  isId(agent) && KINDS.includes(kind) && !!name && !/[\r\n\u2028\u2029]/.test(name) && { id: agent, name, kind };

const readLine = (line) => {
  const parts = split(line).map((part) => (part.id ? schema.nodes.mention.create(part) : schema.text(part)));
  return schema.nodes.line.create(null, parts);
};

const readLines = (text) => Fragment.from(text.replace(/\r\n?/g, "\n").split("\n").map(readLine));

export const read = (text) => schema.nodes.doc.create(null, readLines(text));

/** To put in at a caret: the first and the last line join what stands there. */
export const readSlice = (text) => new Slice(readLines(text), 1, 1);

/** A document, or any piece of one, as text. */
export function textOf(content) {
  const lines = [];
  let line = "";
  content.forEach((node) => {
    if (node.type === schema.nodes.line) lines.push(textOf(node.content));
    else line += node.isText ? node.text : write(node.attrs.id, node.attrs.name, node.attrs.kind);
  });
  return lines.length ? lines.join("\n") : line;
}

export const isEmpty = (doc) => doc.childCount === 1 && doc.firstChild.content.size === 0;

/** Where lines were touched, as [from, to) in the document after the transactions; whole lines. */
export function changedLines(transactions, doc) {
  let from = Infinity;
  let to = -1;
  for (const transaction of transactions) {
    for (const map of transaction.mapping.maps) {
      // What was found so far lies before this step.
      if (to >= 0) [from, to] = [map.map(from, -1), map.map(to, 1)];
      map.forEach((_from, _to, start, end) => ([from, to] = [Math.min(from, start), Math.max(to, end)]));
    }
  }
  if (to < 0) return [];
  const lines = [];
  doc.nodesBetween(Math.max(0, from - 1), Math.min(doc.content.size, to + 1), (line, position) => {
    lines.push({ line, position });
    return false;
  });
  return lines;
}
