import { expect, test } from "vitest";
import { affectedBy, hostsFiles } from "../../scripts/affected.ts";

const files = await hostsFiles();
const all = files.map(({ path }) => nameOf(path));
const affected = (path: string) => affectedBy(path, files).map((file) => nameOf(file.path));

function nameOf(path: string): string {
  return path.replace(/^test\/hosts\/|\.test\.ts$/g, "");
}

test.each(["src/provider/main.ts", "src/resources/index.ts", "src/host/main.ts", "src/model/diff.ts"])(
  "the tests affected by %s include all tests that apply a fleet",
  (path) => {
    expect(affected(path)).toEqual(
      expect.arrayContaining(["fleet-basics", "kills", "tarball", "state-move-and-loss", "droplets"]),
    );
  },
);

test("the tests affected by a command's source file are only the tests that run `fleet`", () => {
  const found = affected("src/cli/commands/drift.ts");
  expect(found).toEqual(expect.arrayContaining(["fleet-basics", "ci", "tarball", "tenants"]));
  expect(found).not.toContain("droplet-kills");
  expect(found).not.toContain("transport-pool");
});

test("the tests affected by a file are the tests that import, bundle or otherwise use this file", () => {
  expect(affected("test/hosts/kills.test.ts")).toEqual(["kills"]);
  expect(affected("test/hosts/support/faults/login.ts")).toEqual(["unreachable"]);
  expect(affected("src/host/accounts/as-user.ts")).toEqual(
    expect.arrayContaining(["acting-as-agent-user", "agent-on-systemd"]),
  );
  expect(affected("src/host-kinds/local/nspawn/helper/boot-host.ts")).toEqual(all);
});

test("the only test affected by a docs page is the test that runs the commands of the page", () => {
  expect(affected("docs/state.md")).toEqual(["state-move-and-loss"]);
  expect(affected("docs/moving.md")).toEqual([]);
  expect(affected("README.md")).toEqual([]);
});

test.each(["package-lock.json", "schema/fleet.schema.json", "src/gone.ts", "test/fixtures/fake-runtime.mjs"])(
  "all tests are affected by %s, which is read without an import",
  (path) => {
    expect(affected(path)).toEqual(all);
  },
);

test("no test on real hosts is affected by a file that only tests without hosts use", () => {
  expect(affected("test/cli/exit.test.ts")).toEqual([]);
  expect(affected("test/provider/rig.ts")).toEqual([]);
});
