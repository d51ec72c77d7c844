// Where tiles lie: whole cells of a grid of columns, no two on each other. Nothing here knows a page.
export const COLUMNS = 12;
export const TALLEST = 12;
export const LOWEST = 99;

export interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export type Direction = "up" | "down" | "aside";

// Every tile falls upwards in its columns, in reading order. The moved one comes before what it shares a row with, or
// after it where it goes down.
export function settle(boxes: readonly Box[], moved: Box, direction: Direction): Box[] {
  const rank = (box: Box): number => (box.name !== moved.name ? 0 : direction === "down" ? 1 : -1);
  const order = boxes
    .map((box) => (box.name === moved.name ? moved : box))
    .sort((a, b) => a.y - b.y || rank(a) - rank(b) || a.x - b.x);
  const heights = new Array<number>(COLUMNS).fill(0);
  const settled = new Map<string, Box>();
  for (const box of order) {
    const y = Math.max(...heights.slice(box.x, box.x + box.w));
    heights.fill(y + box.h, box.x, box.x + box.w);
    settled.set(box.name, { ...box, y });
  }
  return boxes.map((box) => settled.get(box.name)!);
}

export function within(box: Box): Box {
  const w = Math.min(Math.max(box.w, 1), COLUMNS);
  return {
    name: box.name,
    w,
    h: Math.min(Math.max(box.h, 1), TALLEST),
    x: Math.min(Math.max(box.x, 0), COLUMNS - w),
    y: Math.min(Math.max(box.y, 0), LOWEST),
  };
}

export function same(a: readonly Box[], b: readonly Box[]): boolean {
  return a.every((box, at) => {
    const other = b[at];
    return other !== undefined && box.x === other.x && box.y === other.y && box.w === other.w && box.h === other.h;
  });
}

// One step by an arrow key. Up and down go on until something changes, as a tile cannot rest above an empty cell.
export function step(boxes: readonly Box[], name: string, dx: number, dy: number): Box[] {
  const start = boxes.find((box) => box.name === name);
  if (!start) return [...boxes];
  if (dx) return settle(boxes, within({ ...start, x: start.x + dx }), "aside");
  const lowest = Math.max(...boxes.map((box) => box.y + box.h));
  for (let y = start.y + dy; y >= 0 && y <= lowest; y += dy) {
    const next = settle(boxes, { ...start, y }, dy < 0 ? "up" : "down");
    if (!same(next, boxes)) return next;
  }
  return [...boxes];
}

export function resize(boxes: readonly Box[], name: string, dw: number, dh: number): Box[] {
  const start = boxes.find((box) => box.name === name);
  if (!start) return [...boxes];
  const w = Math.min(Math.max(start.w + dw, 1), COLUMNS - start.x);
  return settle(boxes, within({ ...start, w, h: start.h + dh }), "aside");
}
