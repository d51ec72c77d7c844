declare module "htmx.org" {
  const htmx: object;
  export default htmx;
}
declare module "htmx.org/dist/ext/hx-sse.js";
