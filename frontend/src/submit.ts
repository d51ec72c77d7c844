// Forms marked data-auto-submit send themselves when one of their fields changes; without scripts their button does it.
document.documentElement.classList.add("scripted");

document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement | null;
  if (field?.matches("input, select")) field.closest<HTMLFormElement>("form[data-auto-submit]")?.requestSubmit();
});

// What is as usual stays out of the address.
document.addEventListener("formdata", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-auto-submit]")) return;
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input[name], select[name]")) {
    if (field.value === (field.dataset["usual"] ?? "")) event.formData.delete(field.name);
  }
});
