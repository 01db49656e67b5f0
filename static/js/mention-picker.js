// <mention-picker for="ID OF A TEXTAREA" hidden><select>…</select><button>…</button></mention-picker>: puts the chosen
// option's value in at the caret, as if it were typed: it can be undone.
class MentionPicker extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.area = document.getElementById(this.getAttribute("for"));
    this.querySelector("button").addEventListener("click", () => this.insert());
    this.area.addEventListener("focus", () => (this.placed = true), { once: true });
  }

  insert() {
    const { area } = this;
    const token = this.querySelector("select").value;
    if (!token) return;
    // Nobody has placed the caret yet: the end is what is meant.
    const start = this.placed ? area.selectionStart : area.value.length;
    area.focus();
    if (!this.placed) area.setSelectionRange(start, start);
    const before = /(^|[\s([{“"])$/.test(area.value.slice(0, start)) ? "" : " ";
    const after = /^[\s\p{P}]|^$/u.test(area.value.slice(area.selectionEnd)) ? "" : " ";
    // Deprecated, and yet the only way that the browser can undo.
    if (!document.execCommand("insertText", false, before + token + after)) {
      area.setRangeText(before + token + after, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  }
}

customElements.define("mention-picker", MentionPicker);
