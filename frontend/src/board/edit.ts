// The editor of a dashboard: a tile follows the mouse or the arrow keys, others make way, and the server keeps the
// places. What happens is said aloud to those who do not see it.
import { resize, same, settle, step, within, type Box, type Direction } from "./layout";

type Grip = "move" | "size";

interface Hold {
  readonly grip: HTMLButtonElement;
  readonly kind: Grip;
  readonly tile: HTMLElement;
  readonly before: Box[];
}

const PLACE = /^[xywh]\d+$/;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const DRAG_FROM_PX = 4;

let held: Hold | undefined;
let saving: Promise<void> = Promise.resolve();

const board = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-board]");
const tiles = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-board] [data-tile]")];
const number = (tile: HTMLElement, key: string): number => Number(tile.dataset[key]);

function boxOf(tile: HTMLElement): Box {
  const name = tile.dataset["tile"] ?? "";
  return { name, x: number(tile, "x"), y: number(tile, "y"), w: number(tile, "w"), h: number(tile, "h") };
}

function boxes(): Box[] {
  return tiles().map(boxOf);
}

function put(next: readonly Box[]): void {
  const places = new Map(next.map((box) => [box.name, box]));
  for (const tile of tiles()) {
    const box = places.get(tile.dataset["tile"] ?? "");
    if (!box) continue;
    Object.assign(tile.dataset, { x: String(box.x), y: String(box.y), w: String(box.w), h: String(box.h) });
    tile.classList.remove(...[...tile.classList].filter((name) => PLACE.test(name)));
    tile.classList.add(`x${box.x}`, `y${box.y}`, `w${box.w}`, `h${box.h}`);
  }
}

function say(words: string): void {
  const live = document.querySelector("#board-live");
  if (live) live.textContent = words;
}

function placeOf(tile: HTMLElement, kind: Grip): string {
  const { x, y, w, h } = boxOf(tile);
  return kind === "move" ? `row ${y + 1}, column ${x + 1}` : `${w} columns wide, ${h} rows high`;
}

function called(tile: HTMLElement): string {
  return tile.dataset["called"] ?? "The tile";
}

function take(grip: HTMLButtonElement): Hold | undefined {
  const tile = grip.closest<HTMLElement>("[data-tile]");
  if (!tile) return undefined;
  const hold: Hold = { grip, kind: grip.dataset["grip"] === "size" ? "size" : "move", tile, before: boxes() };
  tile.classList.add("held");
  grip.setAttribute("aria-pressed", "true");
  board()?.classList.add("holding");
  return hold;
}

function letGo(hold: Hold): void {
  hold.tile.classList.remove("held");
  hold.tile.style.transform = "";
  hold.grip.setAttribute("aria-pressed", "false");
  board()?.classList.remove("holding");
}

// The order in which a screen reader and the Tab key meet the tiles is the order in which they lie.
function reorder(): void {
  const host = board() as (HTMLElement & { moveBefore?: (node: Node, child: Node | null) => void }) | null;
  if (!host?.moveBefore) return;
  for (const tile of tiles().sort((a, b) => number(a, "y") - number(b, "y") || number(a, "x") - number(b, "x"))) {
    host.moveBefore(tile, null);
  }
}

async function save(hold: Hold): Promise<void> {
  const host = board();
  if (!host) return;
  const body = new URLSearchParams({ version: host.dataset["version"] ?? "" });
  for (const { name, x, y, w, h } of boxes()) body.append("place", [name, x, y, w, h].join("~"));
  try {
    const answer = await fetch(host.dataset["board"] ?? "", { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { version, before } = (await answer.json()) as { version: number; before: number };
    host.dataset["version"] = String(version);
    for (const field of document.querySelectorAll<HTMLInputElement>("[data-board-version]")) field.value = String(version);
    told("Tiles arranged.", before);
    say(`${called(hold.tile)} is in ${placeOf(hold.tile, hold.kind)}. Saved.`);
  } catch {
    put(hold.before);
    reorder();
    told("That could not be saved, and the tiles are back where they were. Load the page again: somebody may have changed it.", 0);
  }
}

function told(words: string, before: number): void {
  const notice = document.querySelector<HTMLElement>("#board-saved");
  const form = notice?.querySelector("form");
  if (!notice || !form) return;
  for (const older of document.querySelectorAll("[data-once]")) older.remove();
  notice.querySelector("span")!.textContent = words;
  form.querySelector<HTMLInputElement>("[name=version]")!.value = String(before);
  form.hidden = !before;
  notice.hidden = false;
}

function keep(hold: Hold): void {
  letGo(hold);
  if (same(hold.before, boxes())) {
    say(`${called(hold.tile)} stays in ${placeOf(hold.tile, hold.kind)}.`);
    return;
  }
  reorder();
  hold.grip.focus();
  saving = saving.then(() => save(hold));
}

function putBack(hold: Hold): void {
  put(hold.before);
  letGo(hold);
  say(`${called(hold.tile)} is back in ${placeOf(hold.tile, hold.kind)}.`);
}

function byKey(event: KeyboardEvent): void {
  const grip = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-grip]");
  if (!grip || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (event.repeat) return;
    if (held) {
      const hold = held;
      held = undefined;
      keep(hold);
      return;
    }
    held = take(grip);
    if (!held) return;
    const verb = held.kind === "move" ? "Moving" : "Resizing";
    say(`${verb} ${called(held.tile)}, ${placeOf(held.tile, held.kind)}. Arrow keys change it, Enter keeps it, Escape puts it back.`);
  } else if (held && event.key === "Escape") {
    event.preventDefault();
    const hold = held;
    held = undefined;
    putBack(hold);
  } else if (held && event.key in ARROWS) {
    event.preventDefault();
    const [dx, dy] = ARROWS[event.key]!;
    const name = held.tile.dataset["tile"] ?? "";
    const next = held.kind === "move" ? step(boxes(), name, dx, dy) : resize(boxes(), name, dx, dy);
    const moved = !same(next, boxes());
    put(next);
    held.tile.scrollIntoView({ block: "nearest" });
    say(moved ? placeOf(held.tile, held.kind) : `No further: ${placeOf(held.tile, held.kind)}`);
  }
}

function cell(host: HTMLElement): { wide: number; high: number } {
  const style = getComputedStyle(host);
  const gap = parseFloat(style.columnGap) || 0;
  return { wide: (host.clientWidth + gap) / 12, high: parseFloat(style.gridAutoRows) + gap };
}

function byPointer(event: PointerEvent): void {
  const grip = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-grip]");
  const host = board();
  if (!grip || !host || event.button !== 0 || held) return;
  event.preventDefault();
  grip.focus();
  const hold = take(grip);
  if (!hold) return;
  held = hold;
  const start = boxOf(hold.tile);
  const { wide, high } = cell(host);
  const top = host.getBoundingClientRect().top;
  let dragged = false;

  const move = (to: PointerEvent): void => {
    const byX = to.clientX - event.clientX;
    const byY = to.clientY - event.clientY - (host.getBoundingClientRect().top - top);
    dragged ||= Math.hypot(byX, byY) > DRAG_FROM_PX;
    if (!dragged) return;
    const [columns, rows] = [Math.round(byX / wide), Math.round(byY / high)];
    if (hold.kind === "size") {
      put(resize(hold.before, start.name, columns, rows));
      return;
    }
    const wanted = within({ ...start, x: start.x + columns, y: start.y + rows });
    const direction: Direction = rows === 0 ? "aside" : rows < 0 ? "up" : "down";
    put(settle(hold.before, wanted, direction));
    // the tile itself stays under the mouse, wherever its cell has come to lie
    const now = boxOf(hold.tile);
    hold.tile.style.transform = `translate(${byX - (now.x - start.x) * wide}px, ${byY - (now.y - start.y) * high}px)`;
  };
  const end = (kept: boolean): void => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", escape, true);
    if (held !== hold) return;
    held = undefined;
    if (kept && dragged) keep(hold);
    else putBack(hold);
  };
  const up = (): void => end(true);
  const cancel = (): void => end(false);
  const escape = (key: KeyboardEvent): void => {
    if (key.key !== "Escape") return;
    key.stopPropagation();
    end(false);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", cancel);
  addEventListener("keydown", escape, true);
}

// Whoever leaves a grip keeps what was done so far.
function left(event: FocusEvent): void {
  if (!held || event.target !== held.grip) return;
  const hold = held;
  requestAnimationFrame(() => {
    if (held !== hold || document.activeElement === hold.grip) return;
    held = undefined;
    keep(hold);
  });
}

export function listen(): void {
  document.addEventListener("keydown", byKey);
  document.addEventListener("pointerdown", byPointer);
  document.addEventListener("focusout", left);
}
