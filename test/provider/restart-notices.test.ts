import { expect, test } from "vitest";
import { identityNotices, restartNotices } from "../../src/provider/handlers/items/restart-notices.ts";
import type { Properties } from "../../src/provider/wire/values.ts";

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

test.each([
  ["fresh", "begins a new conversation"],
  ["resume", "continues its conversation"],
])(
  "a preview reports what a changed identity means for the conversation of an agent with `onIdentityChange: %s`",
  (policy, next) => {
    const file = { kind: "file", path: "/identities/iris", conversation: policy, type: "file" };
    const of = (identity: Properties) => ({ host: "hub", resource: "hub/iris/agent", identity });
    const noticesAbout = (before: Properties, content: string) =>
      identityNotices(of(before), of({ digest: { ...file, content } }));
    const digest = { ...file, content: "sha256:a" };
    expect(noticesAbout({ digest }, "sha256:b")).toEqual([
      `hub: iris has a changed identity and is not restarted for it; its next start ${next} (onIdentityChange: ${policy})`,
    ]);
    expect(noticesAbout({ digest }, "sha256:a")).toEqual([]);
    expect(noticesAbout({}, "sha256:a")).toEqual([]);
  },
);
