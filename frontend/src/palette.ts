// The command palette: Ctrl/Cmd-K or / opens it, arrows choose, Enter follows, Escape closes. The server finds.
function dialog(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("#palette");
}

function options(of: HTMLDialogElement): HTMLElement[] {
  return [...of.querySelectorAll<HTMLElement>("[role=option]")];
}

function choose(of: HTMLDialogElement, chosen: HTMLElement | undefined): void {
  for (const option of options(of)) option.setAttribute("aria-selected", String(option === chosen));
  const input = of.querySelector<HTMLInputElement>("[name=q]");
  if (chosen) input?.setAttribute("aria-activedescendant", chosen.id);
  else input?.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

function move(of: HTMLDialogElement, step: number): void {
  const all = options(of);
  const at = all.findIndex((option) => option.ariaSelected === "true");
  choose(of, all[(at + step + all.length) % all.length]);
}

// The list of an earlier text is not what Enter means: it follows the first that its own text finds.
let shown = "";
let waiting = false;

function typed(of: HTMLDialogElement): string {
  return of.querySelector<HTMLInputElement>("[name=q]")!.value.trim();
}

function follow(of: HTMLDialogElement): void {
  waiting = typed(of) !== shown;
  if (!waiting) options(of).find((option) => option.ariaSelected === "true")?.click();
}

function open(): void {
  const palette = dialog();
  if (!palette || palette.open || document.querySelector("dialog[open]")) return;
  const form = palette.querySelector("form")!;
  form.querySelector<HTMLInputElement>("[name=here]")!.value = location.pathname + location.search;
  palette.showModal();
  const input = form.querySelector<HTMLInputElement>("[name=q]")!;
  input.value = "";
  shown = "";
  waiting = false;
  input.focus();
  whenHeard(form, () => form.dispatchEvent(new CustomEvent("upshot:palette")));
}

// htmx takes up the page in a task of its own after this script has run; whoever is quicker would ask nobody.
function whenHeard(form: HTMLFormElement, ask: () => void): void {
  if (form.matches("[data-htmx-powered]")) ask();
  else form.addEventListener("htmx:after:init", ask, { once: true });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}

document.addEventListener("keydown", (event) => {
  const palette = dialog();
  if (!palette || event.isComposing || event.defaultPrevented) return; // a page may have a search of its own
  const bare = !event.ctrlKey && !event.metaKey && !event.altKey;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (palette.open) palette.close();
    else open();
  } else if (event.key === "/" && bare && !palette.open && !isTyping(event.target)) {
    event.preventDefault();
    open();
  } else if (palette.open && (event.target as Element).matches("[name=q]")) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(palette, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      follow(palette);
    }
  }
});

document.addEventListener("click", (event) => {
  const target = event.target as Element | null;
  const palette = dialog();
  if (!target || !palette) return;
  if (target.closest("[data-open-palette]")) open();
  // the dialog itself is hit only outside of what it holds: on its backdrop
  else if (target === palette || target.closest("[data-close-palette], #palette [role=option]")) palette.close();
});

// A list that arrives between press and release takes the pressed option away, and no click comes: what was pressed is
// followed if the new list holds it too.
let pressed: HTMLElement | null = null;

document.addEventListener("pointerdown", (event) => {
  pressed = (event.target as Element).closest<HTMLElement>("#palette [role=option]");
});

document.addEventListener("pointerup", (event) => {
  const palette = dialog();
  const gone = pressed && !pressed.isConnected ? pressed.textContent : null;
  pressed = null;
  if (gone === null || !palette?.open || !palette.contains(event.target as Element)) return;
  options(palette).find((option) => option.textContent === gone)?.click();
});

document.addEventListener("submit", (event) => {
  if ((event.target as Element).matches(".palette-form")) event.preventDefault();
});

document.addEventListener("htmx:after:swap", (event) => {
  const palette = dialog();
  // what is refreshed behind the palette is no reason to choose anew
  if (!palette?.open || !palette.contains(event.target as Element)) return;
  const all = options(palette);
  choose(palette, all[0]);
  const { typed: text = "", status: says = "" } = palette.querySelector<HTMLElement>("#palette-found")?.dataset ?? {};
  shown = text;
  if (waiting) follow(palette);
  const status = palette.querySelector("#palette-status");
  if (status) status.textContent = says;
});
