// <theme-toggle>: radio buttons light, dark, system. theme.js applies the choice on the next page.
class ThemeToggle extends HTMLElement {
  connectedCallback() {
    this.firstElementChild.hidden = false;
    this.show();
    this.addEventListener("change", (event) => this.choose(event.target.value));
    window.addEventListener("storage", this);
  }

  disconnectedCallback() {
    window.removeEventListener("storage", this);
  }

  // Another tab chose.
  handleEvent(event) {
    if (event.key === "theme") this.apply(event.newValue ?? "system");
  }

  choose(theme) {
    try {
      if (theme === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
    } catch {
      // Not remembered, still applied.
    }
    this.apply(theme);
  }

  apply(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.show();
  }

  show() {
    const theme = document.documentElement.dataset.theme ?? "system";
    for (const radio of this.querySelectorAll("input")) radio.checked = radio.value === theme;
  }
}

customElements.define("theme-toggle", ThemeToggle);
