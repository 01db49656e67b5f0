// <comment-box>: a textarea and a list of members. Typing @ and the beginning of a name offers them.
const WORD = /(?:^|[\s(])@([\p{L}\p{N}._+-]*(?: [\p{L}\p{N}._-]*)?)$/u;
const SHOWN = 6;

class CommentBox extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("textarea");
    this.list = this.querySelector("[role=listbox]");
    this.list.id ||= "comment-people";
    this.text.setAttribute("aria-controls", this.list.id);
    this.text.setAttribute("aria-autocomplete", "list");
    this.text.addEventListener("input", () => this.offer());
    this.text.addEventListener("keydown", (event) => this.press(event));
    this.text.addEventListener("blur", () => this.close());
    // Before the blur of the textarea, which would close the list.
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take(option);
    });
  }

  get shown() {
    return [...this.list.children].filter((option) => !option.hidden);
  }

  offer() {
    const found = WORD.exec(this.text.value.slice(0, this.text.selectionStart));
    if (!found) return this.close();
    const typed = found[1].toLowerCase();
    let room = SHOWN;
    for (const option of this.list.children) {
      const { name, email } = option.dataset;
      const words = [name, ...name.split(/\s+/), email].map((word) => word.toLowerCase());
      option.hidden = !room || !words.some((word) => word.startsWith(typed));
      if (!option.hidden) room -= 1;
    }
    this.start = this.text.selectionStart - found[1].length;
    this.list.hidden = room === SHOWN;
    this.choose(this.shown[0]);
  }

  press(event) {
    if (this.list.hidden) return;
    const { shown } = this;
    const at = shown.indexOf(this.chosen);
    if (event.key === "ArrowDown") this.choose(shown[(at + 1) % shown.length]);
    else if (event.key === "ArrowUp") this.choose(shown[(at - 1 + shown.length) % shown.length]);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.isComposing) this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  choose(option) {
    this.chosen?.setAttribute("aria-selected", "false");
    this.chosen = option;
    option?.setAttribute("aria-selected", "true");
    if (option) this.text.setAttribute("aria-activedescendant", option.id);
  }

  take(option) {
    this.text.setRangeText(`${option.dataset.name} `, this.start, this.text.selectionStart, "end");
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.text.removeAttribute("aria-activedescendant");
  }
}

customElements.define("comment-box", CommentBox);
