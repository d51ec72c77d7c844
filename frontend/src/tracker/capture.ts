// From what happened to an event of the native API.
import { whenAllowed } from "./consent";
import { visitor } from "./identity";
import { enqueue } from "./queue";
import { randomId } from "./random";
import { option } from "./settings";

export type Properties = Record<string, unknown>;

/** Keep an event of now, unless the page wants none of its kind. `more`: what is said of the person (anonymous_id, set). */
export function capture(event: string, properties?: Properties, more?: object): void {
  if (option("off").split(/, */).includes(event)) return;
  const what = {
    event,
    id: randomId(),
    timestamp: new Date().toISOString(),
    properties: { host: location.host, path: location.pathname, ...properties },
    ...more,
  };
  whenAllowed(() => {
    const who = visitor();
    enqueue({ ...what, distinct_id: who.person || who.anonymous, session_id: who.session, groups: who.groups });
  });
}
