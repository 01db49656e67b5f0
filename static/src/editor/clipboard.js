// Copies are text with tokens; what is pasted becomes text, its tokens badges.
import { closeHistory } from "prosemirror-history";
import { Plugin } from "prosemirror-state";
import { readSlice, textOf } from "./document.js";

// A text with these would be refused when it is saved.
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const BLOCKS = "address,article,aside,blockquote,dd,div,dl,dt,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,li,main,nav,ol,p,pre,section,table,tr,ul";

// Word writes the signs of its lists as letters of symbol fonts, and a tab or several spaces behind them.
const SIGN = /^([ \t\u00a0]*)(?:[·\uf0b7\uf0a7\uf0d8\uf076\uf0fc][ \t\u00a0]+|[o§Øvqü•▪●○■◦‣][ \u00a0]*\t[ \t\u00a0]*|[o§Ø•▪●○■◦‣][ \u00a0]{2,})(?=\S)/;
const NUMBER = /^([ \t\u00a0]*)(\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})(?:\.\d{1,3})*[.)])[ \u00a0]*(?:\t|[ \u00a0]{3,})[ \t\u00a0]*(?=\S)/;

/** Lists lose their numbers in the plain text that browsers put beside HTML, and tables their cells; else that is the
 * cleaner of the two. */
export function textFrom(data) {
  const html = data.getData("text/html");
  const plain = data.getData("text/plain");
  const isOurs = html.includes("data-pm-slice");
  const wanted = html && !isOurs && (!plain || /<(?:li|td|th)[\s>]|mso-list:/i.test(html));
  const text = (wanted ? plainOf(html) : plain).replace(/\r\n?/g, "\n").replace(CONTROL, "");
  return isOurs ? text : text.split("\n").map(listed).join("\n");
}

/** The sign of a list, as another program has it, in ours. */
const listed = (line) => line.replace(SIGN, (_, indent) => `${indented(indent)}- `).replace(NUMBER, (_, indent, number) => `${indented(indent)}${number} `);

const indented = (space) => space.replace(/\t/g, "  ").replace(/\u00a0/g, " ");

const STYLES = /<style[\s>][\s\S]*?<\/style>|\sstyle\s*=\s*("[^"]*"|'[^']*')/gi;

/** Word says only in styles what is an item of a list, how deep it is, and which words are its sign. */
function withoutStyles(tag, style) {
  if (/mso-list:\s*ignore/i.test(style)) return " data-sign";
  const level = /mso-list:[^;"']*\blevel(\d)/i.exec(style);
  return level ? ` data-level="${level[1]}"` : "";
}

function plainOf(html) {
  const { body } = new DOMParser().parseFromString(html.replace(STYLES, withoutStyles), "text/html");
  for (const unseen of body.querySelectorAll("script, style, template, title, meta, link, noscript, svg")) unseen.remove();
  return walk(body)
    .replace(/[ \t]*\n[ \t]*\n(?:[ \t]*\n)+/g, "\n\n")
    .replace(/^\n+|\s+$/g, "");
}

function walk(node, depth = 0) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      const words = child.data.replace(/\s+/g, " ");
      text += /(^|\s)$/.test(text) ? words.trimStart() : words;
    } else if (child.nodeType === Node.ELEMENT_NODE) {
      if (child.matches("br")) text = `${text.trimEnd()}\n`;
      else if (child.matches(BLOCKS)) text = block(text, child, depth);
      else text += walk(child, depth);
    }
  }
  return text;
}

function block(text, element, depth) {
  if (element.matches("tr") && element.cells.length > 1) return `${ended(text)}${row(element)}\n`;
  const sign = element.dataset.level && element.querySelector("[data-sign]");
  if (sign) return `${ended(text)}${wordItem(element, sign)}\n`;
  const list = element.matches("ol, ul");
  const words = walk(element, depth + list).trimEnd();
  const before = ended(text);
  if (element.matches("li")) {
    const { parentNode } = element;
    const number = [...parentNode.children].filter((other) => other.matches("li")).indexOf(element) + (parentNode.start || 1);
    return `${before}${"  ".repeat(Math.max(0, depth - 1))}${parentNode.matches("ol") ? `${number}.` : "-"} ${words.trimStart()}\n`;
  }
  const title = /^H[1-6]$/.test(element.tagName) ? "# " : "";
  // Paragraphs and titles stand apart; rows, cells and lists do not.
  const apart = element.matches("p, h1, h2, h3, h4, h5, h6, blockquote, pre") && before && !element.closest("li, table");
  return words.trim() ? `${before}${apart && !before.endsWith("\n\n") ? "\n" : ""}${title}${list ? words : words.trimStart()}\n` : before;
}

const ended = (text) => (text && !text.endsWith("\n") ? `${text.trimEnd()}\n` : text);

const oneLine = (node) => walk(node).replace(/\s+/g, " ").trim();

/** A line; what is in a cell stays together. */
const row = ({ cells }) => [...cells].map(oneLine).join(" | ").trimEnd();

function wordItem(element, sign) {
  const written = sign.textContent.replace(/\s+/g, "");
  sign.remove();
  const marker = /[\p{L}\p{N}][.)]$/u.test(written) ? written : "-";
  return `${"  ".repeat(element.dataset.level - 1)}${marker} ${oneLine(element)}`;
}

// Before ProseMirror looks at it: it would parse the HTML, and the content security policy would complain of its styles.
function paste(view, event) {
  if (!event.clipboardData) return false;
  event.preventDefault();
  const text = textFrom(event.clipboardData);
  const tr = closeHistory(view.state.tr); // undone by itself, without the words before it
  if (text) view.dispatch(tr.replaceSelection(readSlice(text)).scrollIntoView().setMeta("paste", true).setMeta("silent", true));
  return true;
}

function drop(view, event) {
  if (view.dragging || !event.dataTransfer) return false;
  event.preventDefault();
  const text = textFrom(event.dataTransfer);
  const place = view.posAtCoords({ left: event.clientX, top: event.clientY });
  if (text && place) view.dispatch(view.state.tr.replace(place.pos, place.pos, readSlice(text)).setMeta("silent", true));
  view.focus();
  return true;
}

export const clipboard = () =>
  new Plugin({
    props: { clipboardTextSerializer: (slice) => textOf(slice.content), handleDOMEvents: { paste, drop } },
  });
