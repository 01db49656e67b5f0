// Copies are text with tokens; what is pasted becomes text, its tokens badges.
import { Plugin } from "prosemirror-state";
import { readSlice, textOf } from "./document.js";

// A text with these would be refused when it is saved.
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const BLOCKS = "address,article,aside,blockquote,dd,div,dl,dt,figure,footer,form,h1,h2,h3,h4,h5,h6,header,hr,li,main,nav,ol,p,pre,section,table,tr,ul";

/** Lists lose their numbers in the plain text that browsers put beside HTML; else that is the cleaner of the two. */
export function textFrom(data) {
  const html = data.getData("text/html");
  const plain = data.getData("text/plain");
  const wanted = html && !html.includes("data-pm-slice") && (!plain || /<li[\s>]/i.test(html));
  return (wanted ? plainOf(html) : plain).replace(/\r\n?/g, "\n").replace(CONTROL, "");
}

const STYLES = /<style[\s>][\s\S]*?<\/style>|\sstyle\s*=\s*("[^"]*"|'[^']*')/gi;

function plainOf(html) {
  const { body } = new DOMParser().parseFromString(html.replace(STYLES, ""), "text/html");
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
  const list = element.matches("ol, ul");
  const words = walk(element, depth + list).trimEnd();
  const before = text && !text.endsWith("\n") ? `${text.trimEnd()}\n` : text;
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

// Before ProseMirror looks at it: it would parse the HTML, and the content security policy would complain of its styles.
function paste(view, event) {
  if (!event.clipboardData) return false;
  event.preventDefault();
  const text = textFrom(event.clipboardData);
  const { tr } = view.state;
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
