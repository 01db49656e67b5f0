// A dialog whose content is fetched (data-opens on the element that htmx fills) opens when it has come, and closes when
// what it asks was done in place.
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const body = detail.ctx?.target;
  if (!body?.matches?.("dialog [data-opens]")) return;
  const dialog = body.closest("dialog");
  if (!dialog.open) dialog.showModal();
});

document.addEventListener("acted", ({ target }) => target.closest?.("dialog")?.close());
