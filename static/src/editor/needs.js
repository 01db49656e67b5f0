// What the procedure needs to be told, as chips with a small form. The text is the truth: each act rewrites one line of it.
import { closeHistory } from "prosemirror-history";
import { schema } from "./document.js";
import { make } from "./dom.js";
import { fold, isFolded } from "./folding.js";
import { TYPES, isHeading, lineOf, nameKey, readSection, words } from "./need_lines.js";

export class Needs {
  constructor(editor) {
    this.editor = editor;
    this.chips = make("div", { class: "need-chips", role: "list", "aria-label": "Fields" });
    this.add = make("button", { type: "button", class: "btn btn-xs", "aria-expanded": "false", onclick: () => this.edit(null, this.add) }, "Add field");
    this.toggle = make("button", { type: "button", class: "btn btn-xs btn-ghost", onclick: () => this.fold() });
    this.place = make("div");
    this.dom = make(
      "div",
      { class: "needs", role: "group", "aria-label": "What a handover must bring" },
      make("span", { class: "needs-label" }, "Needs"), this.chips, this.add, this.toggle, this.place,
    );
    // Nothing of this is a field of the agent's form.
    for (const type of ["input", "change"]) this.dom.addEventListener(type, (event) => event.stopPropagation());
    editor.textarea.before(this.dom);
    this.draw();
  }

  destroy() {
    this.dom.remove();
  }

  get doc() {
    return this.editor.view.state.doc;
  }

  lines() {
    return words(this.doc);
  }

  /** The lines of the section fold away behind the chips, and back. */
  fold(folded = !isFolded(this.editor.view.state)) {
    const { view } = this.editor;
    view.dispatch(fold(folded)(view.state.tr));
    this.follow();
  }

  follow() {
    const folded = isFolded(this.editor.view.state);
    this.toggle.textContent = folded ? "Edit as text" : "Hide text";
    this.toggle.setAttribute("aria-expanded", String(!folded));
    this.toggle.hidden = !this.fields.length;
  }

  draw() {
    this.fields = readSection(this.lines());
    const said = JSON.stringify(this.fields);
    if (said === this.drawn) return;
    this.drawn = said;
    if (isFolded(this.editor.view.state)) this.fold(true);
    this.follow();
    this.chips.replaceChildren(...this.fields.map((field) => this.chip(field)));
  }

  chip(field) {
    const words = [field.kind === "text" ? "" : field.kind, field.required ? "" : "optional"].filter(Boolean).join(", ");
    const button = make(
      "button",
      { type: "button", class: `need-chip${field.wrong ? " is-wrong" : ""}`, "aria-expanded": "false", title: field.wrong || "Edit this field" },
      field.name, ...(words ? [make("small", {}, words)] : []),
    );
    button.addEventListener("click", () => this.edit(field, button));
    return make("span", { role: "listitem" }, button);
  }

  // --- The form ----------------------------------------------------------------------------

  edit(field, opener) {
    this.close();
    this.opener = opener;
    opener.setAttribute("aria-expanded", "true");
    this.form = form(field, {
      onSave: (wanted) => this.save(field, wanted),
      onRemove: () => this.remove(field),
      onCancel: () => this.leave(),
    });
    this.place.append(this.form.dom);
    this.form.focus();
    this.form.dom.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.form?.dom.remove();
    this.form = null;
    this.opener?.setAttribute("aria-expanded", "false");
  }

  leave() {
    const { opener } = this;
    this.close();
    (opener?.isConnected ? opener : this.add).focus();
  }

  /** Returns what is wrong, by the name of the field of the form. */
  save(field, wanted) {
    const others = readSection(this.lines()).filter((one) => !field || one.text !== field.text);
    if (others.some((one) => nameKey(one.name) === nameKey(wanted.name))) return { name: `“${wanted.name}” is listed already.` };
    const text = lineOf(wanted);
    const at = field ? this.find(field) : -1;
    if (at >= 0) this.write(at, field.mark + text);
    else this.append(text);
    this.done(`${field ? "Changed" : "Added"} the field ${wanted.name}.`, wanted.name);
    return null;
  }

  remove(field) {
    const at = this.find(field);
    if (at >= 0) {
      const { from, to } = this.span(at);
      // The line goes with its break; an only line stays, empty.
      this.dispatch((tr) => (this.doc.childCount > 1 ? tr.delete(from, to) : tr.delete(from + 1, to - 1)));
    }
    this.done(`Removed the field ${field.name}.`);
  }

  done(words, name) {
    this.close();
    this.draw();
    this.editor.options.live.textContent = words;
    const chips = [...this.chips.querySelectorAll("button")];
    (chips[this.fields.findIndex((one) => one.name === name)] ?? this.add).focus();
  }

  /** The place of the field's line by now: the text may have been edited beside the open form. */
  find(field) {
    const lines = this.lines();
    return lines[field.index] === field.text ? field.index : lines.indexOf(field.text);
  }

  span(index) {
    let from = 0;
    for (let before = 0; before < index; before++) from += this.doc.child(before).nodeSize;
    return { from, to: from + this.doc.child(index).nodeSize };
  }

  write(index, text) {
    const { from, to } = this.span(index);
    this.dispatch((tr) => tr.replaceWith(from + 1, to - 1, schema.text(text)));
  }

  append(text) {
    const lines = this.lines();
    const last = this.fields.at(-1);
    const heading = lines.findIndex(isHeading);
    const at = last ? last.index : heading;
    const mark = last?.mark.replace(/\d+/, (number) => Number(number) + 1) ?? "- ";
    const made = [mark + text];
    if (at < 0) made.unshift(...(lines.at(-1).trim() ? ["", "NEEDS"] : ["NEEDS"]));
    const position = at < 0 ? this.doc.content.size : this.span(at).to;
    const nodes = made.map((line) => schema.nodes.line.create(null, line ? [schema.text(line)] : []));
    this.dispatch((tr) => tr.insert(position, nodes));
  }

  dispatch(change) {
    const { view } = this.editor;
    view.dispatch(closeHistory(change(closeHistory(view.state.tr)).setMeta("silent", true)));
    this.editor.rest();
  }
}

let number = 0;

function form(field, { onSave, onRemove, onCancel }) {
  const id = `need-${++number}`;
  const name = make("input", { id: `${id}-name`, class: "input input-sm", maxlength: 60, autocomplete: "off", value: field?.name ?? "", "aria-describedby": `${id}-error` });
  const type = make(
    "select", { id: `${id}-type`, class: "select select-sm" },
    ...TYPES.map(([value, words]) => make("option", { value, selected: value === (field?.type ?? "text") }, words)),
  );
  const choices = make("input", { id: `${id}-choices`, class: "input input-sm", autocomplete: "off", value: field?.choices.join(", ") ?? "", placeholder: "free, team, company", "aria-describedby": `${id}-error` });
  const required = make("input", { id: `${id}-required`, type: "checkbox", class: "checkbox checkbox-sm", checked: field?.required ?? true });
  const error = make("p", { id: `${id}-error`, class: "need-error tone-error", role: "alert" });
  const labelled = (input, words) => make("div", {}, make("label", { for: input.id }, words), input);
  const listed = labelled(choices, "Choices");
  const showChoices = () => (listed.hidden = type.value !== "choice");
  type.addEventListener("change", showChoices);
  showChoices();

  const save = () => {
    const wanted = {
      name: name.value.replace(/[:：()（）\s]+/g, " ").trim(),
      type: type.value,
      choices: choices.value.split(",").map((one) => one.trim()).filter(Boolean),
      required: required.checked,
    };
    let wrong = null;
    if (!/[\p{L}\p{N}]/u.test(wanted.name)) wrong = { name: "Enter a name." };
    else if (wanted.type === "choice" && wanted.choices.length < 2) wrong = { choices: "Enter at least two choices, separated by commas." };
    wrong ??= onSave(wanted);
    if (!wrong) return;
    const bad = wrong.name ? name : choices;
    for (const input of [name, choices]) input.toggleAttribute("aria-invalid", false);
    bad.setAttribute("aria-invalid", "true");
    error.textContent = wrong.name ?? wrong.choices;
    bad.focus();
  };
  const dom = make(
    "div", { class: "need-form", role: "group", "aria-label": field ? `Field ${field.name}` : "New field" },
    labelled(name, "Name"), labelled(type, "Type"), listed,
    make("label", { class: "need-required" }, required, "Required"),
    make(
      "div", { class: "need-buttons" },
      make("button", { type: "button", class: "btn btn-sm btn-primary", onclick: save }, field ? "Save" : "Add"),
      make("button", { type: "button", class: "btn btn-sm", onclick: onCancel }, "Cancel"),
      ...(field ? [make("button", { type: "button", class: "btn btn-sm btn-ghost btn-danger", onclick: onRemove }, "Remove")] : []),
    ),
    error,
  );
  dom.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") onCancel();
    else if (event.key === "Enter" && event.target.matches("input:not([type=checkbox])")) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { dom, focus: () => name.focus() };
}
