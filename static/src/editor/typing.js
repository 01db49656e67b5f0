// "@" opens the list of agents, what is typed behind it filters it, and a choice becomes a badge.
import { closeHistory, isHistoryTransaction } from "prosemirror-history";
import { Plugin, PluginKey, TextSelection } from "prosemirror-state";
import { isLate, postpone } from "./late.js";
import { schema } from "./document.js";

// Anywhere but behind a word, as in bob@example.com. Some scripts are written without spaces, and their keyboards have a
// wide sign.
const OPENING = /(?:^|[^\p{L}\p{N}_+%`@＠]|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}ー々〆])[@＠]((?!\s)[^@＠\ufffc]{0,80})$/u;
const IN_ADDRESS = /(?:[a-z]+:\/\/|\bwww\.|\b[\w-]+\.[a-z]{2,}\/|mailto:)[^\s\ufffc]*$/iu;
// A sentence that goes on is no name: after so many words, or a full stop, nothing more is looked for in vain.
const WORDS = 3;

// What is written without a space before it, or is one.
const CLOSE_UP = /^[ .,;:!?…)\]}»”’]/;

const key = new PluginKey("typing");
const spaceKey = new PluginKey("space");
const CLOSED = null;

function find(state) {
  const { $from, empty } = state.selection;
  if (!empty || !(state.selection instanceof TextSelection)) return CLOSED;
  const match = OPENING.exec($from.parent.textBetween(0, $from.parentOffset, "", "\ufffc"));
  if (!match || IN_ADDRESS.test(match.input.slice(0, match.input.length - match[1].length - 1))) return CLOSED;
  return { from: $from.pos - match[1].length - 1, to: $from.pos, words: match[1] };
}

export const typing = (options) =>
  new Plugin({
    key,
    state: {
      init: () => CLOSED,
      apply(transaction, open, _, state) {
        if (transaction.getMeta(key) === "close") return CLOSED;
        const found = find(state);
        if (found && isLate(state, found.from)) return CLOSED;
        if (open) return found?.from === transaction.mapping.map(open.from) ? found : CLOSED;
        // Only typing opens it: neither moving the caret there nor undoing.
        const typed = transaction.docChanged && !isHistoryTransaction(transaction) && !transaction.getMeta("silent");
        return typed ? found : CLOSED;
      },
    },
    view: () => ({ update: (view, before) => follow(view, key.getState(before), options) }),
    props: {
      handleKeyDown: (view, event) => !!key.getState(view.state) && options.isOpen && handleKey(view, event, options),
      handleDOMEvents: {
        blur: (view) => void (key.getState(view.state) && close(view)),
      },
    },
  });

/** Punctuation behind a chosen agent takes the place of the space that came with it, and so does a space. */
export const closingUp = () =>
  new Plugin({
    key: spaceKey,
    state: { init: () => null, apply: (transaction, at) => transaction.getMeta(spaceKey) ?? (transaction.docChanged ? null : at) },
    props: {
      handleTextInput: (view, from, to, text) => {
        const at = spaceKey.getState(view.state);
        if (at === null || from !== at + 1 || to !== from || !CLOSE_UP.test(text)) return false;
        view.dispatch(view.state.tr.insertText(text, at, to));
        return true;
      },
    },
  });

function close(view) {
  view.dispatch(view.state.tr.setMeta(key, "close"));
}

function follow(view, before, options) {
  const open = key.getState(view.state);
  if (!open) return before ? options.close() : undefined;
  if (!before) {
    const { from } = open;
    options.open({
      anchor: () => anchor(view, key.getState(view.state)?.from ?? from),
      onChoose: (agent) => choose(view, agent),
      onActive: (id) => describe(view, options, id),
    });
  } else if (!options.isOpen) return undefined;
  return options.search(open.words).then?.(() => giveUp(view, open, options));
}

/** Closes in silence where it found nothing and the words cannot be a name. */
function giveUp(view, open, options) {
  const now = key.getState(view.state);
  if (now?.words !== open.words || options.state !== "ready" || options.rows.some((row) => row.agent)) return;
  if (open.words.trim().split(/\s+/).length > WORDS || /[.,;:!?]\s/.test(open.words)) close(view);
}

function anchor(view, from) {
  const { left, right, top, bottom } = view.coordsAtPos(Math.min(from, view.state.doc.content.size));
  return new DOMRect(left, top, right - left, bottom - top);
}

function describe(view, options, id) {
  const { dom } = view;
  if (!options.isOpen) {
    dom.removeAttribute("aria-controls");
    dom.removeAttribute("aria-activedescendant");
    return;
  }
  dom.setAttribute("aria-controls", options.id);
  if (id) dom.setAttribute("aria-activedescendant", id);
  else dom.removeAttribute("aria-activedescendant");
}

function handleKey(view, event, options) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp":
      options.step(event.key === "ArrowDown" ? 1 : -1);
      return options.rows.length > 0;
    case "Enter":
    case "Tab":
      if (event.shiftKey) return false;
      if (options.isWaiting) {
        wait(view, event.key === "Enter", options);
        return true;
      }
      if (options.choose()) return true;
      close(view);
      return false;
    case "Escape":
      close(view);
      return true;
    default:
      return false;
  }
}

/** The answer is on its way: the words wait for it, the list need not be looked at any longer. */
function wait(view, breaks, options) {
  const { from, to } = key.getState(view.state);
  const insertLate = (agent, place, tr) => {
    insert(view, agent, place, tr);
    options.live.textContent = agent.name;
  };
  postpone(view, { from, to, answer: options.later(), breaks, insert: insertLate }, view.state.tr.setMeta(key, "close"));
}

function choose(view, agent) {
  const open = key.getState(view.state);
  if (open) insert(view, agent, open, view.state.tr.setMeta(key, "close"));
  view.focus();
}

/** The badge and a space, unless one or punctuation follows. A caret that stood behind the words stands behind both. */
function insert(view, agent, { from, to }, tr) {
  const { $from, empty } = view.state.selection;
  const isHere = empty && $from.pos === to;
  const $to = view.state.doc.resolve(to);
  const after = view.state.doc.textBetween(to, Math.min(to + 1, $to.end()), "", "\ufffc");
  const isSpaced = /^[\s\p{P}]/u.test(after);
  closeHistory(tr).replaceWith(from, to, schema.nodes.mention.create({ id: agent.id, name: agent.name, kind: agent.kind }));
  if (!isSpaced) tr.insertText(" ", from + 1);
  if (isHere) {
    if (!isSpaced) tr.setMeta(spaceKey, from + 1);
    tr.setSelection(TextSelection.create(tr.doc, from + (after === " " || !isSpaced ? 2 : 1))).scrollIntoView();
  }
  view.dispatch(tr);
  // What is typed next is undone by itself.
  view.dispatch(closeHistory(view.state.tr));
}
