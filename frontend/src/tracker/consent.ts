// Whether anything may be kept and sent: not where the browser says no (Do Not Track, Global Privacy Control), not before
// the visitor agrees where the page waits for that.
import { whenShown } from "./listen";
import { option } from "./settings";

const MOST_HELD = 1000;

const signals = navigator as Navigator & { globalPrivacyControl?: boolean };
let held: (() => void)[] = [];

/** Whether the browser refuses for the visitor; no answer on the page changes that. */
export const refused =
  option("signals") !== "ignore" && (signals.doNotTrack === "1" || signals.globalPrivacyControl);

let allowed = refused ? false : option("consent") !== "required" || undefined;

/**
 * Do it now, or as soon as the page is shown and the visitor agrees, or never. Until then nothing is read from the device
 * or written to it.
 */
export function whenAllowed(act: () => void): void {
  whenShown(() => {
    if (allowed) act();
    else if (allowed === undefined && held.length < MOST_HELD) held.push(act);
  });
}

/** The visitor's answer. */
export function answer(agreed: boolean): void {
  allowed = agreed && !refused;
  for (const act of held.splice(0)) whenAllowed(act);
}
