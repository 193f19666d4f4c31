import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleOptions } from "../../scripts/bundle-options.ts";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
import { hostNode } from "../../src/host-kinds/local/nspawn/node-for-hosts.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { Items } from "../../src/model/items.ts";
import { connect, type HostWriter } from "../../src/transport/connect.ts";
import type { RuntimeFiles } from "../../src/transport/runtime-files.ts";
import { drift } from "../host/world.ts";
import {
  CREDENTIAL,
  contents,
  items,
  START,
  UNIT,
  UNIT_FILE,
  UNIT_TEXT,
} from "./support/sample-agent-items.ts";

const project = mkdtempSync(join(tmpdir(), "muster-host-systemd-"));
const identityFile = join(project, "key");
const hosts = localHosts(project);

const OWNER = "arc/main";
const AGENT = "hub/iris/agent";
let writer: HostWriter;
beforeAll(async () => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", identityFile]);
  await hosts.prepare();
  const found = await hosts.create({ name: "hub", publicKey: readFileSync(`${identityFile}.pub`, "utf8") });
  const target = {
    name: "hub",
    kind: "local",
    user: "root",
    identityFile,
    connectTimeout: 10,
    ...found,
  } as const;
  writer = await connect(target, { runtime: await bundled() });
});
afterAll(async () => {
  await writer?.close();
  await hosts.remove("hub");
  rmSync(project, { recursive: true });
});

async function bundled(): Promise<RuntimeFiles> {
  const bundle = join(project, "host.mjs");
  const entryPoints = [join(packageRoot(), "src/host/main.ts")];
  await build({ ...bundleOptions, entryPoints, outfile: bundle, minify: true });
  const bundleHash = createHash("sha256").update(readFileSync(bundle)).digest("hex").slice(0, 16);
  const { path, version } = hostNode();
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  return { bundle, bundleHash, node: { version, archFiles: { [machine]: path } } };
}

/** Runs a script on the host over plain ssh, without Muster. */
async function byHand(script: string): Promise<string> {
  const target = hosts.find("hub");
  const options = ["StrictHostKeyChecking=no", `UserKnownHostsFile=${project}/known`, "LogLevel=ERROR"];
  const args = [
    ...options.flatMap((option) => ["-o", option]),
    "-i",
    identityFile,
    `root@${target?.address}`,
  ];
  const { stdout } = await execa("ssh", [...args, script]);
  return stdout;
}

async function observedDrift() {
  const { resources } = await writer.observe({ op: "observe", owner: OWNER });
  const seen = resources[AGENT];
  if (seen === undefined) throw new Error("the host does not know the resource");
  return drift(seen);
}

function up(value = "SPARK=one") {
  const request = { op: "converge", id: AGENT, type: "Agent", owner: OWNER } as const;
  return writer.converge({ ...request, items, contents, secrets: { "credentials:spark": value } });
}

async function statusOfUnit() {
  const { units } = await writer.ps({ op: "ps", units: [UNIT] });
  return units[0];
}

describe("an agent on a real host", () => {
  test("is created with one request, and the same request changes nothing if it is repeated", async () => {
    await up();
    expect(await observedDrift()).toEqual({});
    expect(await statusOfUnit()).toMatchObject({ state: "active", sub: "running", enabled: "enabled" });
    expect((await up()).changed).toEqual([]);
  });

  test.each<[string, string, Record<string, unknown>]>([
    ["its unit is disabled", `systemctl disable ${UNIT}`, { "unit:unit.enabled": "disabled" }],
    ["its unit is stopped", `systemctl stop ${UNIT}`, { "unit:unit.active": "stopped" }],
    [
      "its unit is masked",
      `rm ${UNIT_FILE}; ln -s /dev/null ${UNIT_FILE}`,
      { "unit:unit file.type": "symlink", "unit:unit.enabled": "masked" },
    ],
    [
      "systemd has read a drop-in for its unit",
      `mkdir -p ${UNIT_FILE}.d; printf '[Service]\\nNice=5\\n' >${UNIT_FILE}.d/nice.conf; systemctl daemon-reload`,
      { "unit:unit.overrides": `${UNIT_FILE}.d/nice.conf` },
    ],
    [
      "its unit has a drop-in that systemd has not read yet",
      `mkdir -p /run/systemd/system/${UNIT}.d; touch /run/systemd/system/${UNIT}.d/x.conf`,
      { "unit:unit.overrides": `/run/systemd/system/${UNIT}.d/x.conf` },
    ],
    [
      "set-property changes its unit",
      `systemctl set-property ${UNIT} CPUWeight=50`,
      { "unit:unit.overrides": expect.stringContaining("CPUWeight") },
    ],
    [
      "its unit file is missing",
      `rm ${UNIT_FILE}`,
      { "unit:unit file.type": "absent", "unit:unit.enabled": "absent" },
    ],
    [
      "the link that starts its unit at boot is missing",
      `rm /etc/systemd/system/multi-user.target.wants/${UNIT}`,
      { "unit:unit.enabled": "disabled" },
    ],
    [
      "its unit file is edited",
      `echo Nice=3 >>${UNIT_FILE}`,
      { "unit:unit file.content": expect.stringMatching(/^sha256:/) },
    ],
    [
      "its user gets another home while the agent runs",
      "sed -i s,:/home/iris:,:/tmp:, /etc/passwd",
      { "identity:user iris.home": "/tmp" },
    ],
    [
      "its user is in another group",
      "groupadd -g 4242 other; sed -i -E 's/^(iris:x:[0-9]+):[0-9]+/\\1:4242/' /etc/passwd",
      { "identity:user iris.group": "other" },
    ],
    ["root owns its home", "chown root /home/iris", { "identity:/home/iris.owner": "root" }],
    ["its home is world-readable", "chmod 0755 /home/iris", { "identity:/home/iris.mode": "0755" }],
    ["its secret is changed", `echo x >${CREDENTIAL}`, { "credentials:spark.content": "different" }],
    ["its secret is world-readable", `chmod 0444 ${CREDENTIAL}`, { "credentials:spark.mode": "0444" }],
    [
      "root owns its SOUL.md",
      "chown root:root /home/iris/SOUL.md",
      { "identity:SOUL.md.owner": "root", "identity:SOUL.md.group": "root" },
    ],
  ])("has exactly the expected drift if %s, and an update repairs the drift", async (_, script, expected) => {
    await byHand(script);
    const seen = await observedDrift();
    expect(seen).toMatchObject(expected);
    const itemsOf = (found: object) => [...new Set(Object.keys(found).map((path) => path.split(".")[0]))];
    expect(itemsOf(seen), JSON.stringify(seen)).toEqual(itemsOf(expected));
    await up();
    expect(await observedDrift()).toEqual({});
    expect((await statusOfUnit())?.state).toBe("active");
  });

  test("restarts if its secret has changed, and otherwise keeps running", async () => {
    const before = await statusOfUnit();
    await up();
    expect((await statusOfUnit())?.pid).toBe(before?.pid);
    await up("SPARK=two");
    const after = await statusOfUnit();
    expect(after?.pid).not.toBe(before?.pid);
    expect(await byHand(`tr '\\0' '\\n' </proc/${after?.pid}/environ | grep SPARK`)).toBe("SPARK=two");
  });

  test("gets its other parts even if its unit cannot start, and the error shows the unit's last output", async () => {
    await byHand(`systemctl stop ${UNIT}; sqlite3 /home/iris/contacts.db "DELETE FROM contacts"`);
    const text = UNIT_TEXT.replace(START, "ExecStart=/bin/sh -c 'echo I refuse; exit 3'");
    const broken = {
      ...items,
      "unit:unit file": {
        ...items["unit:unit file"],
        want: { type: "file", content: digestOf(text), owner: "root", group: "root", mode: "0644" },
      },
    } as Items;
    const request = { op: "converge", id: AGENT, type: "Agent", owner: OWNER } as const;
    const { failures } = await writer.converge({
      ...request,
      items: broken,
      contents: { ...contents, [digestOf(text)]: text },
      secrets: {},
    });
    const error = { what: `${AGENT}: unit: unit (unit ${UNIT})`, why: expect.stringContaining("I refuse") };
    expect(failures).toEqual([{ part: "unit", error: expect.objectContaining(error) }]);
    expect(Object.keys(await observedDrift()).filter((path) => !path.startsWith("unit:"))).toEqual([]);
    await up("SPARK=two");
    expect(await observedDrift()).toEqual({});
  });

  test("is removed with everything that Muster created, and its data is kept where only root can read it", async () => {
    await byHand(
      "setsid -f su iris -c 'sleep 300' >/dev/null 2>&1 </dev/null; sqlite3 /home/iris/contacts.db \"INSERT INTO contacts (name) VALUES ('z')\"",
    );
    const { aside } = await writer.remove({ op: "remove", id: AGENT, owner: OWNER, items });
    expect(aside).toHaveLength(2);
    expect(await byHand(`stat -c '%U %a' ${aside.join(" ")}`)).toMatch(
      /root 600\nroot 700|root 700\nroot 600/,
    );
    const left = `getent passwd iris; getent group arc; ls ${UNIT_FILE}* ${CREDENTIAL} /home/iris; pgrep -x sleep; systemctl list-units --all --no-legend ${UNIT}; true`;
    expect(await byHand(`{ ${left}; } 2>/dev/null`)).toBe("");
    expect((await writer.remove({ op: "remove", id: AGENT, owner: OWNER, items })).aside).toEqual([]);
  });
});
