// <form data-with="ID OF A FORM">: sends what stands in that form along, as it is typed, wherever this form goes. Fields of
// its own win; the token against forged requests is its own anyway.
document.addEventListener("formdata", (event) => {
  const other = document.getElementById(event.target.dataset?.with);
  if (!other || other === event.target) return;
  for (const [name, value] of new FormData(other)) if (!event.formData.has(name)) event.formData.append(name, value);
});

// "Try it" opens in place: the editor keeps its width, and the page moves only as far as it takes to see the field.
document.addEventListener("click", (event) => {
  const field = event.target.closest('a[href="#try-input"]') && document.getElementById("try-input");
  if (!field) return;
  event.preventDefault();
  field.closest("details").open = true;
  field.focus({ preventScroll: true });
  field.scrollIntoView({ block: "nearest" });
});

// Saving loads the page again: the panel is then as it was, open and with its words, and what is below it does not move.
const KEY = "try";
const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
const before = kept?.path === location.pathname ? kept : null;
if (before) document.querySelector("#try:not(details)")?.style.setProperty("min-height", `${before.height}px`);

document.addEventListener("htmx:after:swap", () => {
  const panel = before && document.querySelector("details#try");
  if (!panel || panel.dataset.kept !== undefined) return;
  panel.dataset.kept = "";
  panel.open = true;
  const field = panel.querySelector("#try-input");
  if (field && !field.value) field.value = before.words;
});

document.addEventListener("submit", ({ target }) => {
  const panel = document.querySelector("details#try[open]");
  if (target.id !== "agent-form" || !panel) return;
  const words = panel.querySelector("#try-input")?.value ?? "";
  sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, height: panel.offsetHeight, words }));
});
