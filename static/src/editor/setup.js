// What the editor is made of: its keys and plugins, and what it takes over from the textarea.
import { baseKeymap, chainCommands, deleteSelection, joinBackward, joinForward } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { clipboard } from "./clipboard.js";
import { folding } from "./folding.js";
import { late } from "./late.js";
import { continueList, newLine, tidy } from "./lines.js";
import { closingUp, typing } from "./typing.js";

export function plugins(editor) {
  return [
    late(), // typing asks it
    typing(editor.options),
    closingUp(),
    keymap({ Enter: () => editor.enterBadge(), Escape: () => editor.escapeBadge() }),
    keymap({
      Enter: chainCommands(continueList, newLine),
      "Shift-Enter": newLine,
      Backspace: chainCommands(deleteSelection, joinBackward),
      Delete: chainCommands(deleteSelection, joinForward),
      "Mod-z": undo,
      "Mod-y": redo,
      "Shift-Mod-z": redo,
    }),
    keymap(baseKeymap),
    history(),
    clipboard(),
    tidy(),
    folding(),
  ];
}

/** What the textarea says of itself, for the editor that stands in its place. */
export function attributes(textarea) {
  const label = textarea.getAttribute("aria-label") ?? textarea.labels?.[0]?.textContent.trim() ?? "";
  const carried = { "aria-label": label, "data-placeholder": textarea.placeholder };
  for (const name of ["aria-describedby", "aria-invalid", "aria-required", "spellcheck", "lang", "dir"]) {
    if (textarea.hasAttribute(name)) carried[name] = textarea.getAttribute(name);
  }
  const css = `${textarea.className} mention-text`;
  return { ...carried, role: "textbox", "aria-multiline": "true", "aria-autocomplete": "list", class: css };
}

/** The bars at the bottom of the screen must not cover the caret. */
export function clearance() {
  const sides = { top: 8, right: 0, bottom: matchMedia("(width < 64rem)").matches ? 136 : 80, left: 0 };
  return { scrollMargin: sides, scrollThreshold: sides };
}
