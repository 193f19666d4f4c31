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
  [{}, "hub: iris restarts; it is down for at most 10 s plus the start of its program"],
  [{ restart: "now" }, "hub: iris restarts; it is down for at most 10 s plus the start of its program"],
  [
    { restart: "when-idle", within: 900 },
    "hub: iris restarts when it is idle, after 15 min at the latest; it is down for at most 10 s plus the start of its program",
  ],
  [
    { restart: "now", choice: "google" },
    "hub: iris restarts if it is using provider google when the change is applied; it is down for at most 10 s plus the start of its program",
  ],
  [{ restart: "never" }, "hub: iris does not restart, and keeps running as before"],
])("a preview reports whether a change restarts an agent with the policy %j", (policy, sentence) => {
  expect(noticesOf(policy, "sha256:a", "sha256:b")).toEqual([sentence]);
  expect(noticesOf(policy, "sha256:a", "sha256:a")).toEqual([]);
});

test("a preview reports that a change of groups restarts an agent, but not that groups are declared for the first time", () => {
  const want = { present: true, group: "arc", home: "/home/iris", shell: "/bin/bash" };
  const of = (groups: object) => ({
    host: "hub",
    resource: "hub/iris/agent",
    identity: { "user iris": { kind: "user", name: "iris", notify: FILE.notify, ...want, ...groups } },
  });
  expect(restartNotices(of({ groups: "docker" }), of({ groups: "none" }))).toHaveLength(1);
  expect(restartNotices(of({}), of({ groups: "none" }))).toEqual([]);
});
