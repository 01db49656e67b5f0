// A link to a place on this page leaves the dialog it stands in.
document.addEventListener("click", (event) => {
  const link = event.target.closest("dialog a[href]");
  if (link?.hash && link.pathname === location.pathname) link.closest("dialog").close();
});
