// <form data-with="ID OF A FORM">: sends what stands in that form along, as it is typed, wherever this form goes. Fields of
// its own win; the token against forged requests is its own anyway.
document.addEventListener("formdata", (event) => {
  const other = document.getElementById(event.target.dataset?.with);
  if (!other || other === event.target) return;
  for (const [name, value] of new FormData(other)) if (!event.formData.has(name)) event.formData.append(name, value);
});

// "Try it" opens in place, on whatever tab one is: the editor keeps its width and its place. Its form is fetched when it is
// opened for the first time.
const panel = document.querySelector("details#try");
let isWanted = false;

function open() {
  panel.dispatchEvent(new Event("reveal", { bubbles: true }));
  panel.open = true;
  isWanted = true;
  look();
}

function look() {
  const field = isWanted && document.getElementById("try-input");
  if (!field) return;
  isWanted = false;
  field.focus({ preventScroll: true });
  field.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  if (!panel || !event.target.closest('a[href$="#try"]')) return;
  event.preventDefault();
  open();
});

// Saving loads the page again: the panel is then as it was, open and with its words, and what is below it does not move.
const KEY = "try";
const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
const before = kept?.agent === panel?.dataset.agent ? kept : null;

document.addEventListener("htmx:after:swap", () => {
  look();
  const field = before && document.getElementById("try-input");
  if (!field || panel.dataset.kept !== undefined) return;
  panel.dataset.kept = "";
  panel.style.removeProperty("min-height");
  if (!field.value) field.value = before.words;
});

document.addEventListener("submit", ({ target }) => {
  if (target.id !== "agent-form" || !panel?.open) return;
  const words = document.getElementById("try-input")?.value ?? "";
  sessionStorage.setItem(KEY, JSON.stringify({ agent: panel.dataset.agent, height: panel.offsetHeight, words }));
});

if (panel && before) {
  panel.style.setProperty("min-height", `${before.height}px`);
  panel.open = true;
}
if (panel && ["#try", "#try-input"].includes(location.hash)) open();
