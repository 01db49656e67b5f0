// <form data-with="ID OF A FORM">: sends what stands in that form along, as it is typed, wherever this form goes. Fields of
// its own win; the token against forged requests is its own anyway.
document.addEventListener("formdata", (event) => {
  const other = document.getElementById(event.target.dataset?.with);
  if (!other || other === event.target) return;
  for (const [name, value] of new FormData(other)) if (!event.formData.has(name)) event.formData.append(name, value);
});
