/** Call `listener` on events of these kinds (separated by spaces), wherever in the page they happen. */
export const listen = <T extends Event>(kinds: string, listener: (event: T) => void, on: "add" | "remove" = "add"): void =>
  kinds.split(" ").forEach((kind) => window[`${on}EventListener`](kind, listener as EventListener, true));

/** Call it whenever the page is hidden, the last moment at which something can be sent for certain. It may come back. */
export const whenHidden = (listener: () => void): void => listen("visibilitychange", () => document.hidden && listener());

/** Do it now, or when somebody comes to see a page that was loaded ahead. */
export const whenShown = (act: () => void): void =>
  document.prerendering ? listen("prerenderingchange", act) : act();

declare global {
  interface Document {
    prerendering?: boolean;
  }
}
