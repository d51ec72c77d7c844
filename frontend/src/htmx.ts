// The SSE extension looks for a global htmx, so this module must come before it.
import htmx from "htmx.org";

Object.assign(window, { htmx });
