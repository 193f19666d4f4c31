import { expect, test } from "vitest";
import { affectedBy, hostsFiles } from "../../scripts/affected.ts";

const files = await hostsFiles();
const all = files.map(({ path }) => nameOf(path));
const affected = (path: string) => affectedBy(path, files).map((file) => nameOf(file.path));

function nameOf(path: string): string {
  return path.replace(/^test\/hosts\/|\.test\.ts$/g, "");
}

test.each(["src/provider/main.ts", "src/resources/index.ts", "src/host/main.ts", "src/model/diff.ts"])(
  "a change of %s affects every test that applies a fleet",
  (path) => {
    expect(affected(path)).toEqual(
      expect.arrayContaining(["fleet-basics", "kills", "tarball", "state", "droplets"]),
    );
  },
);

test("a change of a command affects only the tests that run fleet", () => {
  const found = affected("src/cli/commands/drift.ts");
  expect(found).toEqual(expect.arrayContaining(["fleet-basics", "ci", "tarball", "tenants"]));
  expect(found).not.toContain("droplet-kills");
  expect(found).not.toContain("transport-pool");
});

test("a file affects the tests that import it, bundle it or use it as support", () => {
  expect(affected("test/hosts/kills.test.ts")).toEqual(["kills"]);
  expect(affected("test/hosts/support/faults/login.ts")).toEqual(["unreachable"]);
  expect(affected("src/host/accounts/as-user.ts")).toEqual(
    expect.arrayContaining(["host-actors", "host-systemd"]),
  );
  expect(affected("src/host-kinds/local/nspawn/helper/boot-host.ts")).toEqual(all);
});

test("a docs page affects only the test that runs its commands", () => {
  expect(affected("docs/state.md")).toEqual(["state"]);
  expect(affected("docs/moving.md")).toEqual([]);
  expect(affected("README.md")).toEqual([]);
});

test.each(["package-lock.json", "schema/fleet.schema.json", "src/gone.ts", "test/fixtures/fake-runtime.mjs"])(
  "%s, which is read without an import, affects all tests",
  (path) => {
    expect(affected(path)).toEqual(all);
  },
);

test("a file used only by tests without hosts affects no test on real hosts", () => {
  expect(affected("test/cli/exit.test.ts")).toEqual([]);
  expect(affected("test/provider/rig.ts")).toEqual([]);
});
