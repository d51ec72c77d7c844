// A list whose items are put in order by mouse or by arrow keys; its form sends them in the order in which they stand.
interface Hold {
  readonly grip: HTMLButtonElement;
  readonly item: HTMLElement;
  readonly before: Element | null;
}

let held: Hold | undefined;

function items(of: HTMLElement): HTMLElement[] {
  return [...(of.parentElement?.querySelectorAll<HTMLElement>(":scope > [data-item]") ?? [])];
}

function say(words: string): void {
  const live = document.querySelector("#board-live");
  if (live) live.textContent = words;
}

function placeOf(item: HTMLElement): string {
  const all = items(item);
  return `${item.dataset["item"]}: place ${all.indexOf(item) + 1} of ${all.length}`;
}

function take(grip: HTMLButtonElement): Hold | undefined {
  const item = grip.closest<HTMLElement>("[data-item]");
  if (!item) return undefined;
  grip.setAttribute("aria-pressed", "true");
  item.classList.add("held");
  return { grip, item, before: item.nextElementSibling };
}

function letGo(hold: Hold, kept: boolean): void {
  held = undefined;
  if (!kept) hold.item.parentElement?.insertBefore(hold.item, hold.before);
  hold.grip.setAttribute("aria-pressed", "false");
  hold.item.classList.remove("held");
  say(`${placeOf(hold.item)}${kept ? "" : ", as before"}.`);
}

function byKey(event: KeyboardEvent): void {
  const grip = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-list-grip]");
  if (!grip || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (event.repeat) return;
    if (held) letGo(held, true);
    else if ((held = take(grip))) say(`Moving ${placeOf(held.item)}. Arrow keys move it, Enter keeps it, Escape puts it back.`);
  } else if (held && event.key === "Escape") {
    event.preventDefault();
    letGo(held, false);
    grip.focus();
  } else if (held && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    const { item } = held;
    const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
    if (event.key === "ArrowUp") other?.before(item);
    else other?.after(item);
    grip.focus();
    item.scrollIntoView({ block: "nearest" });
    say(placeOf(item));
  }
}

function byPointer(event: PointerEvent): void {
  const grip = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-list-grip]");
  if (!grip || event.button !== 0 || held) return;
  event.preventDefault();
  grip.focus();
  const hold = (held = take(grip));
  if (!hold) return;
  const move = (to: PointerEvent): void => {
    for (const other of items(hold.item)) {
      if (other === hold.item) continue;
      const { top, height } = other.getBoundingClientRect();
      const above = hold.item.getBoundingClientRect().top > top;
      if (above ? to.clientY < top + height / 2 : to.clientY > top + height / 2) {
        if (above) {
          other.before(hold.item);
          break;
        }
        other.after(hold.item);
      }
    }
  };
  const end = (): void => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    if (held === hold) letGo(hold, true);
    grip.focus();
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}

export function listen(): void {
  document.addEventListener("keydown", byKey);
  document.addEventListener("pointerdown", byPointer);
  document.addEventListener("focusout", (event) => {
    const hold = held;
    if (!hold || event.target !== hold.grip) return;
    requestAnimationFrame(() => {
      if (held === hold && document.activeElement !== hold.grip) letGo(hold, true);
    });
  });
}
