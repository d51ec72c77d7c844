// A field with data-suggest="fields|numbers|values|events|things" shows what fits while one types. Arrows choose, Enter
// takes, Escape closes; with nothing chosen, Enter sends the form as ever. A field with data-suggest-many takes several,
// separated by commas. Without scripts the field is a plain one.
interface Found {
  found: { value: string; note: string }[];
  note: string;
}

const DELAY_MS = 120;
let asked = 0;
let timer = 0;

const isSuggesting = (target: EventTarget | null): target is HTMLInputElement =>
  target instanceof HTMLInputElement && target.dataset["suggest"] !== undefined;

function listOf(field: HTMLInputElement): HTMLElement | null {
  return document.getElementById(field.getAttribute("aria-controls") ?? "");
}

function forget(): void {
  asked += 1;
  clearTimeout(timer);
}

function close(field: HTMLInputElement): void {
  forget();
  hide(field);
}

function hide(field: HTMLInputElement): void {
  listOf(field)?.remove();
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function isMany(field: HTMLInputElement): boolean {
  return field.dataset["suggestMany"] !== undefined;
}

// The last part of a list, and what stands before it; a comma inside quotes is part of a value.
function split(field: HTMLInputElement): [string, string] {
  if (!isMany(field)) return ["", field.value];
  let quoted = false;
  let cut = 0;
  [...field.value].forEach((letter, at) => {
    if (letter === '"') quoted = !quoted;
    else if (letter === "," && !quoted) cut = at + 1;
  });
  return [field.value.slice(0, cut), field.value.slice(cut).trim()];
}

function written(field: HTMLInputElement, value: string): string {
  const odd = value !== value.trim() || value.includes('"') || (isMany(field) && value.includes(","));
  return odd ? `"${value.replaceAll('"', '""')}"` : value;
}

function take(field: HTMLInputElement, value: string): void {
  const [before] = split(field);
  field.value = (before && `${before.trim()} `) + written(field, value);
  const several = before.trim() !== "";
  const comparison = field.form?.querySelector<HTMLSelectElement>("select[name=add_comparison]");
  if (several && comparison) {
    const list = { "=": "in", "!=": "not in" }[comparison.value];
    if (list) comparison.value = list;
  }
  close(field);
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function option(field: HTMLInputElement, found: Found["found"][number], at: number): HTMLElement {
  const made = document.createElement("div");
  made.className = "suggestion";
  made.id = `${field.id}-option-${at}`;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  made.dataset["value"] = found.value;
  const name = document.createElement("span");
  name.textContent = found.value;
  const note = document.createElement("span");
  note.className = "suggestion-note";
  note.textContent = found.note;
  made.append(name, note);
  return made;
}

function show(field: HTMLInputElement, found: Found): void {
  listOf(field)?.remove();
  const list = document.createElement("div");
  list.className = "suggestions";
  list.id = `${field.id}-list`;
  const taken = split(field)[0].split(",").map((part) => part.trim());
  const fresh = found.found.filter((one) => !taken.includes(written(field, one.value)));
  list.append(...fresh.map((one, at) => option(field, one, at)));
  if (fresh.length) {
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
  }
  if (found.note) {
    const note = document.createElement("p");
    note.className = "suggestion-note";
    note.textContent = found.note;
    if (fresh.length) note.setAttribute("role", "presentation");
    else note.setAttribute("role", "status");
    list.append(note);
  }
  if (!list.childElementCount) return close(field);
  field.parentElement!.append(list);
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", String(fresh.length > 0));
}

async function ask(field: HTMLInputElement): Promise<void> {
  const mine = ++asked;
  const form = field.form;
  const said = (name: string): string => form?.querySelector<HTMLInputElement>(`[name=${name}]`)?.value ?? "";
  const query = new URLSearchParams({
    of: field.dataset["suggest"] ?? "",
    q: split(field)[1],
    field: said("add_field"),
    event: said("add_event"),
  });
  try {
    const answer = await fetch(`/suggest?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked || document.activeElement !== field) return;
    show(field, (await answer.json()) as Found);
  } catch {
    close(field); // the server is gone: the field is a plain one
  }
}

function soon(field: HTMLInputElement): void {
  clearTimeout(timer);
  timer = setTimeout(() => void ask(field), DELAY_MS);
}

function move(field: HTMLInputElement, step: number): void {
  const options = [...(listOf(field)?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
  if (!options.length) return void ask(field);
  const at = options.findIndex((one) => one.ariaSelected === "true");
  const next = at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length;
  options.forEach((one, place) => one.setAttribute("aria-selected", String(place === next)));
  field.setAttribute("aria-activedescendant", options[next]!.id);
  options[next]!.scrollIntoView({ block: "nearest" });
}

document.addEventListener("focusin", (event) => {
  if (isSuggesting(event.target)) soon(event.target);
});

// In a form that opens over the page the list takes its own place; it goes when the button of the mouse is up again, so
// that what stands below is still there for the click that has begun.
let pressed = false;
document.addEventListener("pointerdown", () => (pressed = true), true);
document.addEventListener("pointerup", () => (pressed = false), true);

document.addEventListener("focusout", (event) => {
  const field = event.target;
  if (!isSuggesting(field)) return;
  forget(); // at once: what the next field asks for is not to be forgotten
  if (pressed) document.addEventListener("pointerup", () => setTimeout(() => hide(field)), { once: true });
  else hide(field);
});

document.addEventListener("input", (event) => {
  if (isSuggesting(event.target)) soon(event.target);
});

// In the capturing phase: Escape closes the list first, and only then what holds the field.
document.addEventListener(
  "keydown",
  (event) => {
    const field = event.target;
    if (!isSuggesting(field) || event.isComposing) return;
    const chosen = listOf(field)?.querySelector<HTMLElement>("[aria-selected=true]");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(field, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && chosen) take(field, chosen.dataset["value"] ?? "");
    else if (event.key === "Escape" && listOf(field)) close(field);
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

// The button of the mouse goes down before the field loses the focus, which would close the list.
document.addEventListener("mousedown", (event) => {
  const target = event.target as Element | null;
  const one = target?.closest<HTMLElement>(".suggestions [role=option]");
  if (!target?.closest(".suggestions")) return;
  event.preventDefault();
  const field = one?.closest(".field")?.querySelector<HTMLInputElement>("[data-suggest]");
  if (field && one) take(field, one.dataset["value"] ?? "");
});

export {};
