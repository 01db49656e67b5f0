// The search that puts another agent in the place of a badge.
import { closeHistory } from "prosemirror-history";
import { Selection } from "prosemirror-state";
import { schema } from "./document.js";
import { make } from "./dom.js";

export function replace(view, options, position, dom) {
  const field = make("input", {
    type: "text", class: "input input-sm mention-search", role: "combobox", placeholder: "Search agents", autocomplete: "off",
    "aria-label": "Replace with", "aria-expanded": "true", "aria-autocomplete": "list", "aria-controls": options.id,
  });
  const finish = () => {
    options.close();
    view.focus();
  };
  options.open({
    field,
    anchor: () => dom.getBoundingClientRect(),
    onActive: (id) => (id ? field.setAttribute("aria-activedescendant", id) : field.removeAttribute("aria-activedescendant")),
    onChoose: (agent) => {
      options.close();
      const at = dom.isConnected ? view.posAtDOM(dom, 0) : position;
      const mention = schema.nodes.mention.create({ id: agent.id, name: agent.name, kind: agent.kind });
      const { tr } = view.state;
      if (tr.doc.nodeAt(at)?.type === schema.nodes.mention) view.dispatch(closeHistory(tr.replaceWith(at, at + 1, mention)));
      view.dispatch(closeHistory(view.state.tr.setSelection(Selection.near(view.state.doc.resolve(at + 1)))));
      view.focus();
    },
  });
  field.addEventListener("input", () => options.search(field.value));
  field.addEventListener("blur", () => setTimeout(() => field.isConnected && document.activeElement !== field && options.close()));
  const keys = {
    ArrowDown: () => options.step(1),
    ArrowUp: () => options.step(-1),
    Enter: () => options.choose(),
    Tab: () => options.choose(),
    Escape: finish,
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || !Object.hasOwn(keys, event.key)) return;
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
  options.search("");
  field.focus();
}
