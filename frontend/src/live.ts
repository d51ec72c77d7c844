// Whether the stream of changes is open: a page that cannot be told of changes says so.
const offline = document.documentElement.classList;

document.addEventListener("htmx:sse:after:connection", () => offline.remove("offline"));
document.addEventListener("htmx:sse:error", () => offline.add("offline"));
