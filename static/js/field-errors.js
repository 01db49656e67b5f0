// A field that was refused is no longer marked once it says something else: its error goes, and with the last one of the
// form the notice above it (data-refused). An empty field that is emptied again is marked again.
function settle(field, isSettled) {
  const form = field.form ?? document;
  const ids = (field.getAttribute("aria-describedby") ?? "").split(/\s+/);
  const error = document.getElementById(ids.find((id) => id.endsWith("_error")) ?? `${field.id}_error`) ?? field.closest("fieldset")?.querySelector('[id$="_error"]');
  if (error) error.hidden = isSettled;
  // The editor of procedures draws the field again.
  const drawn = field.closest("mention-editor")?.querySelector(".mention-text");
  const alike = field.type === "radio" || field.type === "checkbox" ? [...(field.form?.querySelectorAll(`[name="${CSS.escape(field.name)}"]`) ?? [])] : [];
  for (const one of new Set([field, drawn, ...alike])) one?.setAttribute("aria-invalid", String(!isSettled));
  field.dataset.wasInvalid = "";
  const isLeft = [...(field.form?.elements ?? [])].some((other) => other.getAttribute("aria-invalid") === "true");
  for (const notice of form.querySelectorAll("[data-refused]")) notice.hidden = !isLeft;
}

const isChoice = (field) => field.type === "radio" || field.type === "checkbox";

function differs(field) {
  if (isChoice(field)) return field.checked !== field.defaultChecked || field.type === "radio";
  if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (field.type === "file") return field.files.length > 0;
  // A draft that was kept becomes the default (draft-saver.js), so an empty field tells more than its default.
  return field.value.trim() !== "" && (field.dataset.refusedValue ?? "") !== field.value;
}

function follow({ target: field }) {
  if (!field.matches?.("input, select, textarea")) return;
  const isMarked = field.getAttribute("aria-invalid") === "true";
  if (isMarked || field.dataset.wasInvalid !== undefined) settle(field, differs(field));
}

/** What each refused field says now, which is what was refused. */
const remember = () => {
  for (const field of document.querySelectorAll("[aria-invalid=true]:is(input, textarea)")) field.dataset.refusedValue ??= field.value;
};

remember();
document.addEventListener("htmx:after:swap", remember);
document.addEventListener("input", follow);
document.addEventListener("change", follow);
