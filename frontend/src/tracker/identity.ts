// Who, and in which session. Kept in the tab (sessionStorage) unless the page asks for less ("memory") or more ("device").
import { randomId } from "./random";
import { option } from "./settings";

const INACTIVITY_MS = 30 * 60_000;
const NAME = "upshot";

interface Visitor {
  anonymous: string;
  person?: string;
  groups?: Record<string, string>;
  session: string;
  seen: number;
}

let memory: Visitor | undefined;
let active = 0;

/** Use the page's storage, if there is one for this page: a browser may forbid it, or it may be full. */
function stored(use: (storage: Storage) => string | null | void): string | null | void {
  const persistence = option("persistence");
  try {
    if (persistence !== "memory") return use(persistence === "device" ? localStorage : sessionStorage);
  } catch {
    // memory has it
  }
}

/** Whether the visitor's session goes on; that of nobody does not, as what is compared with is no number then. */
const isGoingOn = (visitor?: Visitor): visitor is Visitor =>
  Date.now() - Math.max(active, visitor?.seen!) < INACTIVITY_MS;

/** The visitor was active just now: the session goes on, unless it has ended before. */
export function touch(): void {
  if (isGoingOn(memory)) active = Date.now();
}

/** The visitor, with a new session where the last activity is half an hour old, and with `change`. */
export function visitor(change?: Partial<Visitor>): Visitor {
  // the storage first: another tab may have begun a session, or signed out
  const before: Visitor | undefined = JSON.parse(stored((s) => s.getItem(NAME)) || "null") || memory;
  memory = { anonymous: randomId(), ...before, session: isGoingOn(before) ? before.session : randomId(), seen: Date.now(), ...change };
  stored((s) => s.setItem(NAME, JSON.stringify(memory)));
  return memory;
}

/** What follows is somebody else's. */
export function forget(): void {
  memory = undefined;
  stored((s) => s.removeItem(NAME));
}
