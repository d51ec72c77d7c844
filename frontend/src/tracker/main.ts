// The tracker: one classic script, no cookie, no dependency. docs/tracker.md says how a page uses it.
import { type Properties, capture } from "./capture";
import { watchClicks } from "./clicks";
import { answer, refused, whenAllowed } from "./consent";
import { watchErrors } from "./errors";
import { forget, visitor } from "./identity";
import { whenHidden, whenShown } from "./listen";
import { pageView, watchPages } from "./pages";
import { discard, flush } from "./queue";
import { randomId } from "./random";
import { watchVitals } from "./vitals";

const calls = {
  /** Something that people do in your product. */
  track: (event: string, properties?: Properties): void => capture(event, properties),
  /** A page view that the tracker cannot see by itself. */
  page: pageView,
  /** Who it is from now on; what nobody known did before, in this tab, was the same person. */
  identify(person: string, traits?: Properties): void {
    whenAllowed(() => {
      const { person: before, anonymous } = visitor();
      // one known person is never joined to another
      visitor({ person, anonymous: before && before !== person ? randomId() : anonymous });
      capture("$identify", {}, { set: traits, anonymous_id: before ? undefined : anonymous });
    });
  },
  /** The account (or another group) that the person belongs to. */
  group(type: string, id: string): void {
    whenAllowed(() => visitor({ groups: { ...visitor().groups, [type]: id } }));
  },
  /** The visitor's answer to the page's question. */
  consent(agreed: boolean): void {
    answer(agreed);
    if (!agreed) {
      discard();
      forget();
    }
  },
  /** The person signs out: what follows is somebody else's. */
  reset: (): void => whenAllowed(forget),
};

type Name = keyof typeof calls;
type Call = { [N in Name]: [N, ...Parameters<(typeof calls)[N]>] }[Name];

const push = (...given: Call[]): void => {
  for (const [name, ...rest] of given) (calls[name] as (...values: unknown[]) => void)(...rest);
};

function start(): void {
  watchVitals();
  watchErrors();
  watchPages();
  watchClicks();
  whenHidden(flush);
}

declare global {
  interface Window {
    upshot?: Call[] | (typeof calls & { push: typeof push });
  }
}

const early = window.upshot || [];
// a script that stands in a page twice counts once
if ("pop" in early) {
  window.upshot = { ...calls, push };
  if (!refused) whenShown(start);
  push(...early);
}
