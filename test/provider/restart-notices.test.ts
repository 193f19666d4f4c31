import { expect, test } from "vitest";
import { restartNotices } from "../../src/provider/handlers/items/restart-notices.ts";

const FILE = { kind: "file", path: "/etc/unit", notify: "muster-agent-iris.service" };

const noticesOf = (more: object, before: string, after: string) => {
  const of = (content: string) => ({
    host: "hub",
    resource: "hub/iris/agent",
    unit: {
      "unit file": { ...FILE, ...more, type: "file", content, owner: "root", group: "root", mode: "0644" },
    },
  });
  return restartNotices(of(before), of(after));
};

test.each([
  [{}, "hub: iris restarts"],
  [{ restart: "now" }, "hub: iris restarts"],
  [{ restart: "when-idle", within: 900 }, "hub: iris restarts when it is idle, after 15 min at the latest"],
  [
    { restart: "now", choice: "google" },
    "hub: iris restarts if it is using provider google when the change is applied",
  ],
  [{ restart: "never" }, "hub: iris does not restart, and keeps running as before"],
])("a preview reports whether a change restarts the agent whose policy is %j", (policy, sentence) => {
  expect(noticesOf(policy, "sha256:a", "sha256:b")).toEqual([sentence]);
  expect(noticesOf(policy, "sha256:a", "sha256:a")).toEqual([]);
});
