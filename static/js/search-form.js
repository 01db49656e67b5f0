// Addresses of filtered lists stay short: a field that is empty is not in them.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (!sourceElement.matches("form[role=search]")) return;
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
});
