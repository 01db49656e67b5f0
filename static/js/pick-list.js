// <pick-list id="picker" popover>: the list that a link with data-pick opens beside itself. htmx fills it (web.http.picking).
// The field keeps the focus: typing narrows the list, the arrows and Enter choose, and a digit does in a short list.
const DIGIT = /^[1-9]$/;
const KNOWN = ".pick-list .pick-option:not([data-new])";

class PickList extends HTMLElement {
  connectedCallback() {
    document.addEventListener("click", this);
    document.addEventListener("htmx:after:swap", this);
    for (const type of ["input", "keydown", "pointermove", "acted", "toggle"]) this.addEventListener(type, this);
  }

  disconnectedCallback() {
    document.removeEventListener("click", this);
    document.removeEventListener("htmx:after:swap", this);
  }

  on = {
    click: ({ target }) => this.open(target.closest("[data-pick]")),
    "htmx:after:swap": ({ detail: { ctx } }) => this.swapped(ctx?.target),
    input: () => this.field && this.narrow(),
    keydown: (event) => this.press(event),
    pointermove: ({ target }) => this.field && this.point(target.closest(".pick-option:not(:disabled)") ?? this.chosen),
    acted: () => this.acted(),
    toggle: ({ newState }) => newState === "closed" && this.closed(),
  };

  handleEvent(event) {
    this.on[event.type](event);
  }

  open(link) {
    if (link && !this.contains(link)) this.opener = link;
  }

  swapped(target) {
    if (target === this) this.filled();
    // What was chosen was refused, and a page with a form has taken the place of this one.
    else if (target?.id === "content" && this.matches(":popover-open")) this.hidePopover();
  }

  get field() {
    return this.querySelector("[data-filter]");
  }

  get options() {
    return [...this.querySelectorAll(".pick-option")].filter((option) => !option.hidden && !option.disabled);
  }

  filled() {
    const { opener, field } = this;
    if (!this.matches(":popover-open")) this.showPopover({ source: opener?.isConnected ? opener : undefined });
    if (!field) return this.querySelector("[autofocus]")?.focus(); // a form of its own
    this.chosen = undefined;
    this.describe();
    this.narrow();
    if (!this.isMany) this.point(this.options.find((option) => !("current" in option.dataset)));
    field.focus();
  }

  /** With scripts it is a list of options beside a field; without them these are buttons. */
  describe() {
    const list = this.querySelector(".pick-list");
    list.role = "listbox";
    list.id = "picker-list";
    list.ariaLabel = this.ariaLabel = this.field.labels[0].textContent.trim();
    list.querySelectorAll("form, p, form > input").forEach((part) => (part.role = "presentation"));
    for (const option of list.querySelectorAll(".pick-option")) {
      option.role = "option";
      option.tabIndex = -1;
      option.ariaSelected = String("current" in option.dataset);
      option.removeAttribute("aria-pressed");
    }
    this.field.role = "combobox";
    this.field.ariaExpanded = "true";
    this.field.setAttribute("aria-controls", list.id);
  }

  get isMany() {
    return !!this.querySelector("[data-many]");
  }

  narrow() {
    const typed = this.field.value.trim();
    if (this.querySelector("[data-numbered]") && DIGIT.test(typed)) {
      this.field.value = "";
      return this.options[typed - 1]?.click();
    }
    for (const option of this.querySelectorAll(KNOWN)) option.hidden = !option.textContent.toLowerCase().includes(typed.toLowerCase());
    for (const title of this.querySelectorAll(".pick-title")) title.hidden = !title.parentElement.querySelector(".pick-option:not([hidden])");
    this.offer(typed);
    this.querySelector("[data-nothing]").hidden = !typed || !!this.querySelector(".pick-list .pick-option:not([hidden])");
    this.point(this.options[0]);
  }

  /** What is not in the list can be added to it. */
  offer(typed) {
    const button = this.querySelector("[data-new]");
    if (!button) return;
    const isKnown = [...this.querySelectorAll(KNOWN)].some(({ textContent }) => textContent.trim().toLowerCase() === typed.toLowerCase());
    button.hidden = !typed || isKnown;
    button.value = typed;
    button.querySelector("[data-words]").textContent = `Create “${typed}”`;
  }

  press(event) {
    if (event.target !== this.field || event.isComposing) return;
    const { options } = this;
    const to = { ArrowDown: options.indexOf(this.chosen) + 1, ArrowUp: options.indexOf(this.chosen) - 1 }[event.key];
    if (to !== undefined) this.point(options[(to + options.length) % options.length]);
    else if (event.key === "Enter") this.chosen?.click();
    else return;
    event.preventDefault();
  }

  point(option) {
    if (option === this.chosen) return;
    this.chosen?.removeAttribute("data-chosen");
    if (this.chosen?.id === "picked") this.chosen.removeAttribute("id");
    this.chosen = option;
    if (!option) return this.field.removeAttribute("aria-activedescendant");
    option.dataset.chosen = "";
    option.id = "picked";
    this.field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  /** A list of which more may be chosen shows what is chosen by now. */
  acted() {
    if (this.isMany) this.opener?.click();
    else this.hidePopover();
  }

  closed() {
    this.chosen = undefined;
    this.replaceChildren();
  }
}

customElements.define("pick-list", PickList);
