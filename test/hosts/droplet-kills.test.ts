import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { cloud, type TestCloud } from "./support/cloud.ts";
import { LONG, SEED } from "./support/kill-plan.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOSTS = ["ezra", "allegro", "bezalel"];
const POINTS = Number(process.env["MUSTER_KILLS"] ?? (LONG ? 50 : 6));
/** Milliseconds that one kill and the runs after it take at most. */
const EACH = 60_000;
/** Milliseconds after which most runs have ended. */
const LATEST = 6000;

let fakeCloud: TestCloud;
let keys: string;
let project: Project;

beforeAll(async () => {
  console.log(`droplet kills: MUSTER_SEED=${SEED} MUSTER_KILLS=${POINTS}`);
  fakeCloud = await cloud({ hosts: false });
  // Slow answers keep requests in flight at most moments.
  fakeCloud.admin.slow(400);
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", join(keys, "deploy")]);
  project = await makeProject({ "fleet.yaml": fleetYaml() }, {}, fakeCloud.env);
});

afterAll(async () => {
  await project?.dispose();
  await fakeCloud?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("the next up after a kill at any moment results in one droplet per host, and destroy leaves none", {
  timeout: POINTS * EACH,
}, async () => {
  const random = randomFrom(SEED);
  for (let point = 0; point < POINTS; point++) {
    const [delay, isUp] = [Math.round(random() * LATEST), point % 3 !== 2];
    const kill = `${isUp ? "up" : "destroy"} killed at ${delay} ms`;
    await killed(isUp ? ["up"] : ["destroy"], delay);
    if (isUp) {
      // No droplet answers here, so every run ends with exit code 1.
      const { all } = await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
      expect({ kill, hosts: dropletNames() }, all).toEqual({ kill, hosts: [...HOSTS].sort() });
      expect(fakeCloud.admin.firewalls()).toHaveLength(HOSTS.length);
      expect(fakeCloud.admin.reservedIps()).toHaveLength(1);
      expect(fakeCloud.admin.keys()).toHaveLength(1);
    }
  }
  await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  const { admin } = fakeCloud;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.reservedIps()]).toEqual([[], [], [], []]);
});

/** Starts a run and kills its engine. The engine's children continue for a moment, as they would in reality. */
async function killed(args: readonly string[], delay: number): Promise<void> {
  const run = execa(join(ROOT, "bin", "pulumi"), [...args, "--yes", "--skip-preview"], {
    cwd: project.dir,
    env: { ...fakeCloud.env, MUSTER_OFFLINE: "1" },
    stdio: "ignore",
    reject: false,
  });
  await Promise.race([once(run, "exit"), sleep(delay)]);
  run.kill("SIGKILL");
  await run;
}

function dropletNames(): string[] {
  return fakeCloud.admin
    .droplets()
    .map(({ name }) => name)
    .sort();
}

function fleetYaml(): string {
  const droplet = { kind: "droplet", protect: false, connectTimeout: 1, bootTimeout: 1 };
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXgsZNRzWJrGFCOL9QrGmwgZzDwFrqL2bxYzcUl6HkP";
  return stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "killed", tenants: {}, agents: {} },
    cloud: {
      ...{ keys: { deploy: key }, sshFrom: ["192.0.2.1"], region: "nyc3" },
      identityFile: join(keys, "deploy"),
    },
    hosts: Object.fromEntries(HOSTS.map((host, i) => [host, { ...droplet, reservedIp: i === 0 }])),
  });
}

/**
 * Park and Miller's generator.
 *
 * @returns numbers from 0 to 1
 */
function randomFrom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
