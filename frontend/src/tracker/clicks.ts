// Clicks that tell something: in anger (three on one spot), on what does nothing, to another site.
import { capture } from "./capture";
import { listen } from "./listen";

const RAGE_CLICKS = 3;
const RAGE_MS = 1000;
const RAGE_PIXELS = 30;
const DEAD_MS = 2000;
// what answers by itself, or is said to be clicked often
const SPARED = "input,select,textarea,label,video,audio,[contenteditable],[data-upshot-ignore]";
const SIGNS = "scroll change toggle focusin blur popstate beforeunload";

let previous: MouseEvent | undefined;
let burst = 0;
let stopWatching: (() => void) | undefined;

/** How a developer would name it: tag, id, classes; never what it says. */
const describe = (element: Element): { element: string } => ({
  element: [element.localName + (element.id && `#${element.id}`), ...element.classList].slice(0, 4).join("."),
});

function watchRage(click: MouseEvent, element: Element): void {
  burst =
    previous &&
    click.timeStamp - previous.timeStamp < RAGE_MS &&
    Math.hypot(click.x - previous.x, click.y - previous.y) < RAGE_PIXELS
      ? burst + 1
      : 1;
  previous = click;
  if (burst === RAGE_CLICKS) capture("$rageclick", describe(element));
}

/** Watch for two seconds whether anything happens. */
function watchDead(element: Element): void {
  stopWatching?.();
  const observer = new MutationObserver(stop);
  const timer = setTimeout(() => {
    stop();
    capture("$dead_click", describe(element));
  }, DEAD_MS);
  function stop(): void {
    clearTimeout(timer);
    observer.disconnect();
    listen(SIGNS, stop, "remove");
  }
  stopWatching = stop;
  listen(SIGNS, stop);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

function clicked(click: MouseEvent): void {
  const target = click.composedPath()[0] as Element;
  const link = target.closest<HTMLAnchorElement>("a[href]");
  const leads = link && !/^http/.test(link.href);
  if (link && !leads && link.host !== location.host && click.button < 2) {
    capture("$outbound_click", { target: link.origin + link.pathname });
  }
  // a program's click, another button, text being selected
  if (!click.isTrusted || click.button || target.closest(SPARED) || !getSelection()!.isCollapsed) return;
  watchRage(click, target);
  const elsewhere = leads || link?.target || link?.download || click.ctrlKey || click.metaKey;
  const pointed = getComputedStyle(target).cursor === "pointer" && target;
  const clickable = target.closest("a,button,summary,[role=button]") || pointed;
  if (clickable && !elsewhere) watchDead(clickable);
}

export const watchClicks = (): void => listen("click auxclick", clicked);
