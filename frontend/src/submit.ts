// Forms marked data-auto-submit send themselves when one of their fields changes; without scripts their button does it.

// Enter changes a field and sends its form as well; sent twice, it would take Back two steps to return.
const sent = new WeakSet<HTMLFormElement>();

document.addEventListener("submit", (event) => sent.add(event.target as HTMLFormElement), true);

document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement | null;
  const form = field?.matches("input, select") ? field.closest<HTMLFormElement>("form[data-auto-submit]") : null;
  if (!form) return;
  sent.delete(form);
  setTimeout(() => {
    if (!sent.has(form)) form.requestSubmit();
  });
});

// What is as usual stays out of the address.
document.addEventListener("formdata", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-auto-submit]")) return;
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input[name], select[name]")) {
    if (field.value === (field.dataset["usual"] ?? "")) event.formData.delete(field.name);
  }
});
