// Popovers are <details class="popover">: Escape and a click elsewhere close them, as people expect of a menu.
function close(popover: HTMLDetailsElement, refocus: boolean): void {
  popover.open = false;
  if (refocus) popover.querySelector("summary")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const popover of document.querySelectorAll<HTMLDetailsElement>("details.popover[open]")) close(popover, true);
});

document.addEventListener("click", (event) => {
  for (const popover of document.querySelectorAll<HTMLDetailsElement>("details.popover[open]")) {
    if (!popover.contains(event.target as Node)) close(popover, false);
  }
});

// What was chosen is on its way; a page that is morphed keeps what is open, so this must not be.
document.addEventListener("submit", (event) => {
  const popover = (event.target as Element).closest<HTMLDetailsElement>("details.popover[open]");
  if (popover) setTimeout(() => close(popover, true));
});
