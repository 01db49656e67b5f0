// Who presses Enter before the agents have come goes on writing. The words wait where they stand and become the badge
// later, or stay with a new line behind them: the text comes out as if the answer had been there at once.
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

const key = new PluginKey("late");

const stillSays = (doc, { from, to, wish }) => doc.textBetween(from, to, "\n", "\ufffc") === wish.text;

/** A mention that waits: {from, to, wish}. `wish` is the same as long as it does. */
export const late = () =>
  new Plugin({
    key,
    state: {
      init: () => [],
      apply(transaction, waiting) {
        const { add, drop } = transaction.getMeta(key) ?? {};
        const { mapping, doc } = transaction;
        const kept = waiting
          .filter(({ wish }) => wish !== drop)
          .map(({ from, to, wish }) => ({ from: mapping.map(from, 1), to: mapping.map(to, -1), wish }))
          .filter((place) => place.from < place.to && stillSays(doc, place));
        return add ? [...kept, add] : kept;
      },
    },
    props: {
      decorations(state) {
        const waiting = key.getState(state);
        if (!waiting.length) return null;
        return DecorationSet.create(state.doc, waiting.map(({ from, to }) => Decoration.inline(from, to, { class: "mention-late" })));
      },
    },
  });

export const isLate = (state, from) => key.getState(state).some((place) => place.from === from);

export const isWaiting = (state) => key.getState(state).length > 0;

/** Settled when no mention waits any more. */
export const settled = (state) => Promise.all(key.getState(state).map(({ wish }) => wish.done));

/** `answer`: a promise of the agent, or of nothing. `insert(agent, place, transaction)` adds to the transaction. */
export function postpone(view, { from, to, answer, breaks, insert }, transaction) {
  const wish = { text: view.state.doc.textBetween(from, to) };
  wish.done = answer
    .catch(() => undefined)
    .then(async (agent) => {
      await composed(view);
      const place = !view.isDestroyed && key.getState(view.state).find((one) => one.wish === wish);
      if (!place) return;
      const tr = view.state.tr.setMeta(key, { drop: wish }).setMeta("silent", true);
      if (agent) insert(agent, place, tr);
      else if (breaks) view.dispatch(tr.split(place.to));
      else view.dispatch(tr);
    });
  view.dispatch(transaction.setMeta(key, { add: { from, to, wish } }));
}

/** What an input method is composing must not be touched. */
async function composed(view) {
  while (!view.isDestroyed && view.composing) await new Promise((resolve) => setTimeout(resolve, 50));
}
