// The page of arriving events: p pauses it, / goes to its filter, j and k move among the events.
let paused = false;

const pauseButton = (): HTMLButtonElement | null => document.querySelector("button[data-pause]");

function show(): void {
  const button = pauseButton();
  if (!button) {
    paused = false;
    return;
  }
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? "Go on" : "Pause";
}

function toggle(): void {
  paused = !paused;
  show();
  if (!paused) document.body.dispatchEvent(new CustomEvent("upshot:changed"));
}

function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(".feed summary")];
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

// In the capturing phase, so that a paused page's part does not hear of the change.
window.addEventListener("upshot:changed", (event) => {
  if (paused && pauseButton()) event.stopImmediatePropagation();
}, true);

document.addEventListener("click", (event) => {
  if ((event.target as Element | null)?.closest("button[data-pause]")) toggle();
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (!pauseButton() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches("input, select, textarea")) return;
  if (event.key === "p") toggle();
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") document.querySelector<HTMLElement>("[data-key='/']")?.focus();
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:after:swap", show);
show();
