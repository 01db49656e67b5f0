// <button form="…" name="fix" value="what:id">: the wiring doctor's buttons. Without this they post the form and get it back
// changed; with it what concerns the form changes at once, as if it were typed, and the others tell htmx by a `fix` event.
import { tell as tellFailure } from "./failures.js";

const IN_TEXT = { remove: () => "", unmention: (name) => name, replace: (_, token) => token };

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=fix]");
  if (!button?.form) return;
  event.preventDefault();
  const [what, id] = button.value.split(":");
  if (button.dataset.plain) mention(button, what);
  else if (what in IN_TEXT) rewrite(button.form, what, id);
  else if (what === "tick") tick(button.form.elements[`consumes-${id}`]);
  else button.dispatchEvent(new Event("fix"));
});

/** A plain name becomes a mention: of the agent that it names, of one that is chosen, or of a new one. */
async function mention(button, what) {
  const { form, value } = button;
  const [, , start] = value.split(":").map(Number);
  const editor = form.elements.aop.closest("mention-editor");
  const agents = editor?.agents;
  let token;
  if (what === "choose_named") token = form.elements[`named-${start}`].selectedOptions[0].dataset.token;
  else if (what === "mention") token = button.dataset.token;
  else if (!agents) return form.requestSubmit(button);
  else {
    button.disabled = true;
    try {
      const made = await agents.create(button.dataset.plain.slice(1));
      token = `@[${made.name.replace(/[[\]\\]/g, "\\$&")}](agent:${made.id})`;
    } catch (error) {
      return tellFailure(error.message);
    } finally {
      button.disabled = false;
    }
  }
  return put(form, button.dataset.plain, start, token);
}

/** `start` counts characters, as Python does. What was typed since may have moved the name: the nearest one is meant. */
function put(form, plain, start, token) {
  const text = written(form);
  const wanted = [...text].slice(0, start).join("").length;
  const places = [...text.matchAll(new RegExp(RegExp.escape?.(plain) ?? plain.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), "g"))].map((match) => match.index);
  const [at] = places.sort((one, other) => Math.abs(one - wanted) - Math.abs(other - wanted));
  if (at !== undefined) replace(form, text.slice(0, at) + token + text.slice(at + plain.length));
}

function tick(box) {
  if (!box.checked) box.click();
  box.dispatchEvent(new Event("reveal", { bubbles: true }));
  box.scrollIntoView({ block: "center", behavior: "smooth" });
}

function rewrite(form, what, id) {
  const token = form.elements[`replacement-${id}`]?.selectedOptions[0]?.dataset.token ?? "";
  const text = written(form);
  // Removed, a mention takes the space before it along.
  const mention = new RegExp(`${what === "remove" ? " ?" : ""}@\\[((?:[^\\[\\]\\\\\\r\\n\\u2028\\u2029]|\\\\[\\[\\]\\\\])+)\\]\\((?:agent|person|group):${id}\\)`, "g");
  const fixed = text.replace(mention, (_, name) => IN_TEXT[what](name.replace(/\\([[\]\\])/g, "$1"), token));
  if (fixed !== text) replace(form, fixed);
}

function written(form) {
  const editor = form.elements.aop.closest("mention-editor");
  return editor?.view ? editor.value : form.elements.aop.value;
}

/** In the editor, one step to undo. */
function replace(form, text) {
  const editor = form.elements.aop.closest("mention-editor");
  if (!editor?.view) return type(form.elements.aop, text);
  editor.value = text;
  editor.rest();
}

/** As if typed, so that the browser can undo it. */
function type(area, text) {
  area.focus();
  area.select();
  if (document.execCommand("insertText", false, text)) return;
  area.value = text;
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
