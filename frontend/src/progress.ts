// While a page is on its way (a boosted link or form, Back or Forward), <main> is busy: the style sheet draws a bar for
// it. Live refreshes, tiles and the palette's finds are not pages. An extension is told of every end of a request; an
// event would not reach the document from a link that the answer has taken out of the page.
import htmx from "htmx.org";

interface Asked {
  ctx: { request: { headers: Record<string, string> } };
}

const underWay = new Set<object>();

function show(): void {
  const main = document.querySelector("#main");
  if (underWay.size) main?.setAttribute("aria-busy", "true");
  else main?.removeAttribute("aria-busy");
}

function over(_: Element, { ctx }: Asked): void {
  underWay.delete(ctx);
  show();
}

htmx.registerExtension("progress", {
  htmx_before_request: (_: Element, { ctx }: Asked) => {
    const { headers } = ctx.request;
    if (!headers["HX-Boosted"] && !headers["HX-History-Restore-Request"]) return;
    underWay.add(ctx);
    show();
  },
  htmx_after_swap: over,
  htmx_finally_request: over,
});
