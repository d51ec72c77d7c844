// What the page shows answers what it asks now. An answer that comes late is left out: a live refresh or a tile whose part
// of the page has gone, or asks something else since; a page that was overtaken by a later link, form or step in history.
// A change that was told meanwhile is asked for again, since what came instead may be older than it.
import htmx from "htmx.org";

import { isPage, type Request } from "./request";

const asked = new WeakMap<object, string | null>();
let newest: object | null = null;
let missed = false;

const again = (): boolean => document.body.dispatchEvent(new CustomEvent("upshot:changed"));
const asks = (part: Element): string | null => part.getAttribute("hx-get");

htmx.registerExtension("order", {
  htmx_before_request: (part: Element, { ctx }: Request) => {
    if (isPage(ctx)) newest = ctx;
    else asked.set(ctx, asks(part));
  },
  htmx_before_swap: (part: Element, { ctx }: Request) => {
    if (isPage(ctx)) return ctx === newest;
    const isLate = !part.isConnected || asks(part) !== asked.get(ctx);
    if (isLate) queueMicrotask(again);
    return !isLate;
  },
  htmx_finally_request: (_: Element, { ctx }: Request) => {
    if (ctx !== newest) return;
    newest = null;
    if (missed) again();
    missed = false;
  },
});

document.addEventListener("upshot:changed", () => (missed = newest !== null), true);
