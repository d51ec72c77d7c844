// Segment's client for Node.js, as it is: node segment.mjs ADDRESS KEY MANY
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, many] = process.argv.slice(2);
const client = new Analytics({ writeKey, host, flushInterval: 100, maxEventsInBatch: 50 });
client.on("error", (error) => {
  console.error("the client gave up:", error);
  process.exitCode = 1;
});
client.track({ anonymousId: "visitor", event: "opened", timestamp: new Date("2024-05-01T10:30:15.250Z") });
client.identify({ userId: "ann", anonymousId: "visitor", traits: { plan: "pro", seats: 3 } });
client.group({ userId: "ann", groupId: "acme", traits: { size: "large" } });
client.page({ userId: "ann", name: "start", properties: { path: "/start" } });
client.screen({ userId: "ann", name: "home" });
client.alias({ userId: "ann", previousId: "ann@old" });
client.track({ userId: "ann@old", event: "imported" });
for (let song = 0; song < +many; song++) {
  client.track({ userId: "bob", event: "played", properties: { song, title: "Ünïcode ☃", nested: { deep: [1, null] } } });
}
await client.closeAndFlush({ timeout: 60_000 });
