import { expect, test } from "vitest";
import { refusalOf } from "../../../src/host/authorization/tenant-items.ts";

const agent = {
  ...{ name: "iris", user: "iris", home: "/home/iris", unit: "muster-agent-iris.service" },
  ...{ credentials: "/var/lib/muster/credentials/iris", jobs: [] },
} as unknown as Parameters<typeof refusalOf>[1];
const scope = { tenant: "arc", agents: [agent] } as unknown as Parameters<typeof refusalOf>[0];

const CHECKOUT = {
  ...{ kind: "checkout", folder: "/home/iris/code", actor: "iris", from: "https://example.org/code.git" },
  ...{ keep: "SOUL.md", restarts: "muster-agent-iris.service **", notify: "muster-agent-iris.service" },
  want: {
    ...{ type: "checkout", revision: "0123456789abcdef0123456789abcdef01234567", changes: "none" },
    remote: "origin https://example.org/code.git",
  },
};

test("a tenant's stack can have a checkout of a URL in the home of its agent", () => {
  expect(refusalOf(scope, agent, CHECKOUT, true)).toBeUndefined();
});

test.each<[string, object]>([
  ["in another home", { folder: "/home/loom/code" }],
  ["outside the home by ..", { folder: "/home/iris/../loom/code" }],
  ["of another user", { actor: "root" }],
  ["that restarts another unit", { restarts: "ssh.service **" }],
  ["that restarts a second unit", { restarts: "muster-agent-iris.service **\nssh.service **" }],
  ["of a folder on another machine", { from: "../code" }],
  ["of a URL that runs a program", { from: "ext::sh -c id" }],
  ["with a path out of the checkout", { keep: "../../loom/SOUL.md" }],
  ["with a revision that is an option", { want: { ...CHECKOUT.want, revision: "--upload-pack=id" } }],
])("a tenant's stack cannot have a checkout %s", (_, change) => {
  expect(refusalOf(scope, agent, { ...CHECKOUT, ...change }, true)).toBeDefined();
});
