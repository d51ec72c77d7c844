// A button with data-copy="id" copies the text of the element with that id and says so for a moment.
const SAID_FOR_MS = 1500;

document.addEventListener("click", async (event) => {
  const button = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-copy]");
  const source = button && document.getElementById(button.dataset["copy"] ?? "");
  if (!button || !source) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = "Copied";
  } catch {
    getSelection()?.selectAllChildren(source);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => (button.textContent = label), SAID_FOR_MS);
});
