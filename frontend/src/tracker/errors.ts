// What no code of the page caught.
import { capture } from "./capture";
import { listen } from "./listen";

const MOST_A_LOAD = 10;

let count = 0;

function report({ error, reason = error, message }: ErrorEvent & PromiseRejectionEvent): void {
  // an image that is missing is no error of the code
  if ((message || reason) && count++ < MOST_A_LOAD) {
    capture("$exception", {
      message: (message || `${reason?.message || reason}`).slice(0, 1000),
      // places in the code, without the queries of addresses
      stack: reason?.stack?.replace(/\?[^\s:)]+/g, "").slice(0, 4000),
    });
  }
}

export const watchErrors = (): void => listen("error unhandledrejection", report);
