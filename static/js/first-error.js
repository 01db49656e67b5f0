// What is wrong in a form that comes back is in sight: the caret stands in the first such field.

document.querySelector("#content :not(save-form) > form [aria-invalid=true]")?.focus();
