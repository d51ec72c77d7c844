// What the page's script tag says: <script async src="https://…/upshot.js" data-key="…" data-persistence="device">
const tag = document.currentScript as HTMLScriptElement;

/** How the tracker calls itself. */
export const SDK = "upshot.js/1.0.0";

/** The value of a data attribute of the script tag; empty where it is not given. */
export const option = (name: string): string => tag.dataset[name] || "";

/** Where events go: beside the script, or under the address that data-host names. */
export const endpoint = new URL("api/events", option("host") || tag.src).href;
