// A chart arrives as JSON. Colours are names of tokens ("$accent"), and number formats are objects
// ({ "number": "money", "sign": "£" }); here they become colours and functions.
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Palette = Record<string, string>;

const STEPS: [number, string][] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];
const DURATIONS: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

function short(value: number): string {
  const size = Math.abs(value);
  for (const [step, letter] of STEPS) if (size >= step) return trimmed(value / step, 1) + letter;
  return trimmed(value, size < 1 ? 3 : size < 10 ? 2 : 1);
}

function duration(seconds: number): string {
  for (const [length, unit] of DURATIONS) if (Math.abs(seconds) >= length) return `${trimmed(seconds / length, 1)} ${unit}`;
  return `${trimmed(seconds, 2)} s`;
}

export function tick(kind: string, sign: string): (value: number) => string {
  switch (kind) {
    case "percent":
      return (value) => `${trimmed(value * 100, 1)}%`;
    case "money":
      return (value) => (value < 0 ? "−" : "") + sign + short(Math.abs(value));
    case "duration":
      return duration;
    default:
      return short;
  }
}

export function hydrate(value: Json, palette: Palette): unknown {
  if (typeof value === "string") return value.startsWith("$") ? (palette[value.slice(1)] ?? value) : value;
  if (Array.isArray(value)) return value.map((item) => hydrate(item, palette));
  if (value === null || typeof value !== "object") return value;
  if (typeof value["number"] === "string") return tick(value["number"], String(value["sign"] ?? ""));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hydrate(item, palette)]));
}
