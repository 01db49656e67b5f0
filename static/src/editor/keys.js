// What keys do beside and on badges.
import { NodeSelection, TextSelection } from "prosemirror-state";
import { schema } from "./document.js";

/** Browsers tell of a moved caret a moment later, and the next key may be faster: End and Enter at once. */
export function catchUp(view, event) {
  if (!view.composing && !event.isComposing && event.keyCode !== 229) view.domObserver.flush();
  return false;
}

/** Someone who typed on a selected badge did not mean to lose it: the words go behind it. */
export function leaveBadge(view) {
  const { selection } = view.state;
  if (!(selection instanceof NodeSelection)) return false;
  view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, selection.to)));
  return true;
}

export function stepOffBadge(view, event) {
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) leaveBadge(view);
  return false;
}

/** Phones' keyboards send no keys: what they mean by deleting beside a badge is the whole of it. */
export function deleteBadge(view, event) {
  const back = event.inputType === "deleteContentBackward";
  if ((!back && event.inputType !== "deleteContentForward") || view.composing) return false;
  const { empty, $from } = view.state.selection;
  const beside = empty && (back ? $from.nodeBefore : $from.nodeAfter);
  if (beside?.type !== schema.nodes.mention) return false;
  event.preventDefault();
  const start = back ? $from.pos - 1 : $from.pos;
  view.dispatch(view.state.tr.delete(start, start + 1).scrollIntoView());
  return true;
}
