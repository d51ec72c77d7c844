// What the page asks for through htmx, as its extensions see it.
export interface Request {
  ctx: { request: { headers: Record<string, string> } };
}

// A whole page: a boosted link or form, Back or Forward. Live refreshes, tiles and the palette's finds are none.
export function isPage(ctx: Request["ctx"]): boolean {
  const { headers } = ctx.request;
  return Boolean(headers["HX-Boosted"] ?? headers["HX-History-Restore-Request"]);
}
