import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InvalidError } from "../../src/base/errors.ts";
import { InvalidFleet, loadFleet } from "../../src/config/load-fleet.ts";
import { broken, check, FLEET, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();

test("a loaded fleet contains every default and the content of every file", () => {
  const fleet = check(folder, FLEET).fleet;
  expect(fleet).toMatchObject({ name: "test", dir: folder.path, file: join(folder.path, "fleet.yaml") });
  expect(fleet?.hosts["east"]).toEqual({
    kind: "ssh",
    name: "east",
    address: "192.0.2.1",
    hostKeys: [],
    connectTimeout: 10,
    availability: "always",
    formerly: [],
    protect: false,
  });
  expect(fleet?.identities["iris"]?.files["SOUL.md"]).toEqual({ text: "# Test\n", mode: "0644" });
  expect(fleet?.agents["loom"]).toEqual({
    name: "loom",
    host: "east",
    tenant: "arc",
    user: "loom",
    home: "/home/loom",
    identity: "loom",
    credentials: [],
    contacts: ["iris", "loom"],
    routesTo: [],
    runtime: "command",
    model: {},
    command: ["/bin/true"],
    workdir: "/home/loom",
    env: { PATH: "/home/loom/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    watchdog: 0,
    replaces: [],
    copies: {},
    takeOver: "now",
    onRemove: "aside",
    formerly: [],
    protect: false,
    lifecycle: { kind: "core" },
    onChange: { restart: "when-idle", deadline: 3600 },
    onIdentityChange: "fresh",
    heartbeat: { by: "none", interval: 15, timeout: 60 },
    restarts: { most: 5, within: 3600 },
    maintenance: [],
    limits: {},
    groups: [],
    rights: { sudo: [], keys: [], linger: false, files: [] },
    allow: [],
    settings: { files: {}, defaults: {} },
  });
});

test("a loaded fleet cannot be changed, not even in its nested objects", () => {
  const fleet = check(folder, FLEET).fleet;
  expect(() => Object.assign(fleet?.agents["iris"]?.env as object, { A: "b" })).toThrow(TypeError);
});

test("the paths of keys and secrets can lead out of the project, and are made absolute", () => {
  const text = broken("192.0.2.1}", "192.0.2.1, identityFile: ~/.ssh/key}").replace(
    "config:iris-key",
    "file:../key",
  );
  const fleet = check(folder, text).fleet;
  expect(fleet?.hosts["east"]).toMatchObject({ identityFile: join(homedir(), ".ssh/key") });
  expect(fleet?.credentials["iris-key"]?.from).toBe(`file:${join(folder.path, "../key")}`);
});

test("the comment of a host key is removed", () => {
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample";
  const fleet = check(folder, broken("192.0.2.1}", `192.0.2.1, hostKeys: ["${key} root@east"]}`)).fleet;
  expect(fleet?.hosts["east"]).toMatchObject({ hostKeys: [key] });
});

test("a file of an identity can be text in fleet.yaml, or a symlink to a file in the folder of fleet.yaml", () => {
  symlinkSync("SOUL.md", join(folder.path, "inside.md"));
  const files = '{bin/a.sh: {from: inside.md, mode: "0755"}, x-notes.md: {text: "a\\nb\\n"}}';
  const fleet = check(
    folder,
    broken("iris: {soul: SOUL.md}", `iris: {soul: SOUL.md, files: ${files}}`),
  ).fleet;
  expect(fleet?.identities["iris"]?.files).toMatchObject({
    "bin/a.sh": { text: "# Test\n", mode: "0755" },
    "x-notes.md": { text: "a\nb\n", mode: "0644" },
  });
});

test("the error for an invalid fleet lists every problem on its own line", () => {
  write(folder.path, { "fleet.yaml": broken("host: hub", "host: hubb").replace("name: test", "name: Test") });
  const load = () => loadFleet(join(folder.path, "fleet.yaml"));
  expect(load).toThrow(InvalidFleet);
  expect(load).toThrow(InvalidError);
  expect(load).toThrow(
    /^fleet\.yaml:3:7 name: must be .*\nfleet\.yaml:18:16 agents\.iris\.host: no host .*$/,
  );
});

test("a file outside the working directory is reported with its absolute path", () => {
  const file = join(folder.path, "fleet.yaml");
  write(folder.path, { "fleet.yaml": "" });
  const cwd = process.cwd;
  process.cwd = () => "/";
  expect(() => loadFleet(file)).toThrow(file.slice(1));
  process.cwd = () => "/usr";
  expect(() => loadFleet(file)).toThrow(`${file}:1:1: `);
  process.cwd = cwd;
});

test("a valid fleet.yaml is cached, and the cache returns the same fleet", () => {
  const text = broken("name: test", "name: remembered");
  const first = check(folder, text).fleet;
  const files = readdirSync(join(folder.path, "cache/yaml"));
  expect(files.length).toBeGreaterThan(0);
  expect(check(folder, text).fleet).toEqual(first);
});

test("the cache does not hide the problems of a file that has changed", () => {
  const text = broken("iris: {soul: SOUL.md}", "iris: {soul: other.md}");
  write(folder.path, { "other.md": "# Other\n" });
  expect(lines(check(folder, text).problems)).toEqual([]);
  writeFileSync(join(folder.path, "other.md"), "\0");
  expect(lines(check(folder, text).problems)).toEqual([
    'fleet.yaml:12:16 identities.iris.soul: "other.md" contains a NUL character',
  ]);
});

test("a damaged cache entry is ignored", () => {
  const text = broken("name: test", "name: damaged");
  check(folder, text);
  for (const name of readdirSync(join(folder.path, "cache/yaml"))) {
    writeFileSync(join(folder.path, "cache/yaml", name), "{");
  }
  expect(check(folder, text).fleet?.name).toBe("damaged");
});

test("a loaded fleet contains the former names of renamed entries, and protects each agent of a protected tenant", () => {
  const moved =
    "moved: {hosts: {center: east, x-note: east}, tenants: {lab: arc}, agents: {vera: iris, ada: iris}}\n";
  const fleet = check(folder, broken("arc: {}", "arc: {protect: true}") + moved).fleet;
  expect(fleet?.hosts["east"]?.formerly).toEqual(["center"]);
  expect(fleet?.tenants["arc"]?.formerly).toEqual(["lab"]);
  expect(fleet?.agents["iris"]).toMatchObject({ formerly: ["vera", "ada"], protect: true });
  expect(fleet?.agents["loom"]).toMatchObject({ formerly: [], protect: true });
});

test("limits are normalized, and each sandbox exception causes a warning", () => {
  const limits = "limits: {memory: 2048M, cpu: 1.505, tasks: 200}";
  const checked = check(folder, broken("routesTo: [loom]", `routesTo: [loom], ${limits}, allow: [devices]`));
  expect(checked.fleet?.agents["iris"]?.limits).toEqual({ memory: "2G", cpu: 1.51, tasks: 200 });
  expect(lines(checked.warnings).join()).toMatch(
    /agents\.iris\.allow: devices: the agent is allowed to use the host's devices.*adds 0\.\d to the exposure of its unit/,
  );
});
