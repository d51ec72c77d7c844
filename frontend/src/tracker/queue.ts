// Events wait here, written out, until they are sent together. What a server could not take is kept and sent again; each
// event's id makes a second sending harmless.
import { SDK, endpoint, option } from "./settings";

const WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const MOST_EVENTS = 1000;
// a browser lets 64 KiB outlive the page; a character takes up to three bytes
const BATCH_CHARACTERS = 20_000;

let waiting: string[] = [];
let timer = 0;
let failures = 0;

function again(events: string[], seconds = 0): void {
  waiting = events.concat(waiting).slice(0, MOST_EVENTS);
  later(Math.max(seconds * 1000, Math.min(LONGEST_WAIT_MS, WAIT_MS * 2 ** failures++ * (1 + Math.random()))));
}

function send(events: string[]): void {
  const body = `{"write_key":"${option("key")}","sdk":"${SDK}","sent_at":"${new Date().toISOString()}","events":[${events}]}`;
  // as a beacon is sent, but with an answer; as text, which a browser sends to another site without asking it for leave
  fetch(endpoint, { method: "POST", body, keepalive: true, credentials: "omit" }).then(
    ({ ok, status, headers }) => {
      if (status === 429 || status > 499) return again(events, +headers.get("Retry-After")!);
      failures = 0;
      if (!ok) console.warn("upshot", status);
    },
    () => again(events),
  );
}

function later(milliseconds: number): void {
  timer ||= setTimeout(flush, milliseconds);
}

/** Send what waits; it arrives although the page goes away. */
export function flush(): void {
  clearTimeout(timer);
  timer = 0;
  const all = waiting.splice(0);
  while (all.length) {
    let size = 0;
    const end = all.findIndex((event) => (size += event.length) > BATCH_CHARACTERS);
    send(all.splice(0, end < 0 ? MOST_EVENTS : end || 1));
  }
}

export function enqueue(event: object): void {
  if (waiting.length < MOST_EVENTS) waiting.push(JSON.stringify(event));
  later(WAIT_MS);
}

export function discard(): void {
  waiting = [];
}
