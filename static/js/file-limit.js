// <input type="file" data-most-bytes="20971520" data-words="…">: files that are too large together are named at once and not
// sent, as the page that refuses them could not keep what was typed.

for (const field of document.querySelectorAll("input[type=file][data-most-bytes]")) {
  const check = () => {
    const bytes = [...field.files].reduce((sum, file) => sum + file.size, 0);
    field.setCustomValidity(bytes > Number(field.dataset.mostBytes) ? field.dataset.words : "");
    return field.reportValidity();
  };
  field.addEventListener("change", check);
  field.form.addEventListener("submit", (event) => {
    if (!check()) event.preventDefault();
  });
}
