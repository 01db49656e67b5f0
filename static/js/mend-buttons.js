// <button form="…" name="mend" value="what:id">: the wiring doctor's buttons. Without this they post the form and get it back
// changed; with it what concerns the form changes at once, as if it were typed, and the others tell htmx by a `mend` event.
const IN_TEXT = { remove: () => "", unmention: (name) => name, replace: (_, token) => token };

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=mend]");
  if (!button?.form) return;
  event.preventDefault();
  const [what, id] = button.value.split(":");
  if (what in IN_TEXT) rewrite(button.form, what, id);
  else if (what === "tick") tick(button.form.elements[`consumes-${id}`]);
  else button.dispatchEvent(new Event("mend"));
});

function tick(box) {
  if (!box.checked) box.click();
  box.scrollIntoView({ block: "center", behavior: "smooth" });
}

function rewrite(form, what, id) {
  const token = form.elements[`replacement-${id}`]?.selectedOptions[0]?.dataset.token ?? "";
  const area = form.elements.aop;
  const editor = area.closest("mention-editor");
  const drawn = editor?.view;
  const text = drawn ? editor.value : area.value;
  // Removed, a mention takes the space before it along.
  const mention = new RegExp(`${what === "remove" ? " ?" : ""}@\\[((?:[^\\[\\]\\\\\\r\\n\\u2028\\u2029]|\\\\[\\[\\]\\\\])+)\\]\\(agent:${id}\\)`, "g");
  const mended = text.replace(mention, (_, name) => IN_TEXT[what](name.replace(/\\([[\]\\])/g, "$1"), token));
  if (mended === text) return;
  if (drawn) {
    editor.value = mended;
    editor.rest();
  } else type(area, mended);
}

/** As if typed, so that the browser can undo it. */
function type(area, text) {
  area.focus();
  area.select();
  if (document.execCommand("insertText", false, text)) return;
  area.value = text;
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
