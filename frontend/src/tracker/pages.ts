// Page views, of loads and of navigation inside a page, and the time for which each page was looked at.
import { type Properties, capture } from "./capture";
import { touch } from "./identity";
import { listen, whenHidden } from "./listen";

const IDLE_MS = 30_000;

let engagedMs = 0;
let lastInput = 0; // 0: nobody looks at it
let shown: string;
let coming: number | undefined;
let referrer = document.referrer;

/** Somebody does something: the time since they last did counts, up to half a minute of it. */
function look(): void {
  const now = performance.now();
  if (lastInput) engagedMs += Math.min(now - lastInput, IDLE_MS);
  lastInput = document.hidden ? 0 : now;
  touch();
}

/** Nobody looks any more, or at another page: tell for how long it was. */
function leave(): void {
  if (lastInput) look();
  lastInput = 0;
  if (engagedMs >= 1) capture("$engagement", { engaged_seconds: Math.round(engagedMs) / 1000, path: shown });
  engagedMs = 0;
}

export function pageView(properties?: Properties): void {
  const campaign = [...new URLSearchParams(location.search)].filter(([name]) => /^utm_/.test(name));
  capture("$pageview", {
    title: document.title,
    // without query and fragment, which may hold what nobody should keep
    referrer: referrer.split(/[?#]/)[0],
    language: navigator.language,
    viewport_width: innerWidth,
    ...Object.fromEntries(campaign),
    ...properties,
  });
  referrer = location.href;
}

function navigated(): void {
  if (location.pathname === shown) return;
  const attentive = lastInput;
  leave();
  if (attentive) look();
  shown = location.pathname;
  // the page sets its title right after it has navigated, and may lead on at once
  clearTimeout(coming);
  coming = setTimeout(pageView);
}

export function watchPages(): void {
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (...given) {
      original.apply(this, given);
      navigated();
    };
  }
  listen("popstate", navigated);
  // it comes back from where the browser had put it aside
  listen<PageTransitionEvent>("pageshow", (event) => event.persisted && pageView());
  listen("pointerdown pointermove keydown scroll focus", look);
  listen("blur", (event) => event.target === window && leave());
  whenHidden(leave);
  shown = location.pathname;
  if (document.hasFocus()) look();
  pageView();
}
