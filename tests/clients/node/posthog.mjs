// PostHog's client for Node.js, as it is: node posthog.mjs ADDRESS KEY MANY
import { PostHog } from "posthog-node";

const [host, key, many] = process.argv.slice(2);
const client = new PostHog(key, { host, flushAt: 50, flushInterval: 100, fetchRetryDelay: 200, fetchRetryCount: 10 });
client.on("error", (error) => {
  console.error("the client gave up:", error);
  process.exitCode = 1;
});
client.capture({ distinctId: "visitor", event: "opened", timestamp: new Date("2024-05-01T10:30:15.250Z") });
client.identify({ distinctId: "ann", properties: { $set: { plan: "pro" }, $set_once: { plan: "free", came_from: "ads" } } });
client.alias({ distinctId: "ann", alias: "visitor" });
client.groupIdentify({ groupType: "account", groupKey: "acme", properties: { size: "large" }, distinctId: "ann" });
client.capture({ distinctId: "ann", event: "imported", groups: { account: "acme" } });
for (let song = 0; song < +many; song++) {
  client.capture({ distinctId: "bob", event: "played", properties: { song, $session_id: `s${song % 2}` } });
}
const flags = await client.evaluateFlags("ann");
if (flags.isEnabled("new-home")) process.exitCode = 2;
await client.shutdown(60_000);
