// Largest Contentful Paint, Interaction to Next Paint and Cumulative Layout Shift, as their specifications on web.dev
// define them, of a load until it is hidden for the first time.
import { capture } from "./capture";
import { whenHidden } from "./listen";

const WINDOW_MS = 5000;
const GAP_MS = 1000;
const LEFT_OUT_EVERY = 50;

type Entry = PerformanceEntry & { value: number; hadRecentInput: boolean; interactionId: number; activationStart: number };

let begin = 0; // not 0 where the page was loaded ahead
let lcp: number | undefined;
let cls = 0;
let sum = 0;
let first = 0;
let last = 0;
const slowest: Record<number, number> = {};

function shifted({ value, hadRecentInput, startTime }: Entry): void {
  if (hadRecentInput) return;
  if (startTime - last >= GAP_MS || startTime - first >= WINDOW_MS) {
    sum = 0;
    first = startTime;
  }
  last = startTime;
  cls = Math.max(cls, (sum += value));
}

function interacted({ interactionId, duration }: Entry): void {
  if (interactionId) slowest[interactionId] = Math.max(slowest[interactionId] || 0, duration);
}

/** The slowest interaction; of many, one in fifty is left out. */
const inp = (): number | undefined =>
  ((all) => all[(all.length / LEFT_OUT_EVERY) | 0])(Object.values(slowest).sort((a, b) => b - a));

/** Up to `good` it is good, above `poor` poor. */
function report(vital: string, value: number | undefined, good: number, poor: number): void {
  if (value !== undefined) {
    const rating = value > poor ? "poor" : value > good ? "needs improvement" : "good";
    capture("$web_vital", { vital, value: +value.toFixed(4), rating });
  }
}

export function watchVitals(): void {
  // a load in the background is painted when somebody comes to look: its times mean nothing
  if (document.hidden) return;
  const drains: (() => void)[] = [];
  const observe = (type: string, take: (entry: Entry) => void): void => {
    const each = (entries: PerformanceEntryList): void => (entries as Entry[]).forEach(take);
    const observer = new PerformanceObserver((list) => each(list.getEntries()));
    observer.observe({ type, buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
    // what the browser has not handed over yet
    drains.push(() => each(observer.takeRecords()));
  };
  observe("largest-contentful-paint", (entry) => (lcp = entry.startTime));
  observe("layout-shift", shifted);
  observe("event", interacted);
  observe("first-input", interacted);
  observe("navigation", (entry) => (begin = entry.activationStart || 0));
  whenHidden(() => {
    if (!drains.length) return;
    for (const drain of drains.splice(0)) drain();
    report("LCP", lcp && Math.max(0, lcp - begin), 2500, 4000);
    report("INP", inp(), 200, 500);
    if ("LayoutShift" in window) report("CLS", cls, 0.1, 0.25);
  });
}
