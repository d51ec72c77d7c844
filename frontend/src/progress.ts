// While a page is on its way, <main> is busy: the style sheet draws a bar for it. An extension is told of every end of a
// request; an event would not reach the document from a link that the answer has taken out of the page.
import htmx from "htmx.org";

import { isPage, type Request } from "./request";

const underWay = new Set<object>();

function show(): void {
  const main = document.querySelector("#main");
  if (underWay.size) main?.setAttribute("aria-busy", "true");
  else main?.removeAttribute("aria-busy");
}

function over(_: Element, { ctx }: Request): void {
  underWay.delete(ctx);
  show();
}

htmx.registerExtension("progress", {
  htmx_before_request: (_: Element, { ctx }: Request) => {
    if (!isPage(ctx)) return;
    underWay.add(ctx);
    show();
  },
  htmx_after_swap: over,
  htmx_finally_request: over,
});
