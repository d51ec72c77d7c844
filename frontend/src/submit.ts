// Forms marked data-auto-submit send themselves when one of their fields changes; without scripts their button does it.
document.documentElement.classList.add("scripted");

document.addEventListener("change", (event) => {
  const field = event.target as HTMLElement | null;
  if (field?.matches("input, select")) field.closest<HTMLFormElement>("form[data-auto-submit]")?.requestSubmit();
});
