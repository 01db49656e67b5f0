// <save-form><form>…</form></save-form>: Ctrl+S and Cmd+S save, unsaved words are not lost by accident, and after saving
// the caret stands where it stood, or in the first field that is wrong. data-unsaved: what the form shows was refused, so
// it is not saved although untouched.
const KEY = "save-form";

class SaveForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.addEventListener("input", this);
    this.addEventListener("draft-saved", this);
    this.addEventListener("submit", this);
    document.addEventListener("keydown", this);
    window.addEventListener("beforeunload", this);
    window.addEventListener("pageshow", this);
    this.show();
    this.restore();
    [...this.querySelectorAll("[aria-invalid=true]")].find((field) => field.checkVisibility())?.focus();
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this);
    window.removeEventListener("beforeunload", this);
    window.removeEventListener("pageshow", this);
  }

  on = {
    input: () => this.show(),
    "draft-saved": () => this.show(),
    // The browser has put back what was typed before: what follows the form is to hear of it.
    pageshow: () => this.unsaved && this.form.dispatchEvent(new Event("input", { bubbles: true })),
    submit: () => this.remember(),
    beforeunload: (event) => this.warn(event),
    keydown: (event) => this.press(event),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  press(event) {
    const saves = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s";
    if (!saves) return;
    event.preventDefault();
    if (!event.repeat && !document.querySelector("dialog[open]")) this.form.requestSubmit();
  }

  get unsaved() {
    return this.dataset.unsaved !== undefined || [...this.form.elements].some((field) => this.form.contains(field) && changed(field));
  }

  show() {
    this.toggleAttribute("data-changed", this.unsaved);
  }

  warn(event) {
    if (!this.saving && this.unsaved) event.preventDefault();
  }

  remember() {
    this.saving = true;
    const field = document.activeElement;
    if (!field.name || !this.form.contains(field)) return;
    const place = { path: location.pathname, name: field.name, page: scrollY, field: field.scrollTop, at: caret(field) };
    sessionStorage.setItem(KEY, JSON.stringify(place));
  }

  restore() {
    const place = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    const field = place?.path === location.pathname && this.form.elements[place.name];
    if (!field) return;
    field.focus({ preventScroll: true });
    if (place.at) field.setSelectionRange(...place.at);
    field.scrollTop = place.field;
    scrollTo({ top: place.page, behavior: "instant" });
  }
}

// Only texts have a caret; asking a checkbox for it throws in some browsers.
const caret = (field) => (field.matches("textarea, [type=text]") ? [field.selectionStart, field.selectionEnd] : undefined);

function changed(field) {
  if (field.tagName === "BUTTON") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return !!field.name && [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.name && field.type !== "hidden" && field.value !== field.defaultValue;
}

customElements.define("save-form", SaveForm);
