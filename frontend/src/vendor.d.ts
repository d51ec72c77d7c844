declare module "htmx.org" {
  const htmx: { registerExtension(name: string, hooks: object): void };
  export default htmx;
}
declare module "htmx.org/dist/ext/hx-sse.js";
