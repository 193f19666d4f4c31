import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { cloud, REAL, type TestCloud } from "./support/cloud.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { LONG, randomFrom, SEED } from "./support/random.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOSTS = ["ezra", "allegro", "bezalel"];
const POINTS = Number(process.env["MUSTER_KILLS"] ?? (LONG ? 50 : 6));
/** The maximum duration of one kill and the runs after it, in milliseconds. */
const EACH = 240_000;
/** The latest moment of a kill, in milliseconds. Most runs have ended by then. The vendor's plugins need longer. */
const LATEST = REAL ? 35_000 : 14_000;
/**
 * The requests that create something that costs money. Every second kill of an `up` is aimed at one of these requests.
 */
const AIMS = ["POST /v2/droplets", "POST /v2/reserved_ips", "POST /v2/volumes"];
/** The latest moment of an aimed kill after its request, in milliseconds. */
const LATEST_AIMED = REAL ? 1500 : 600;

/** The additional settings of the first host. */
const FIRST = { reservedIp: true, volumes: { data: { size: 10 } } };

let fakeCloud: TestCloud;
let keys: string;
let project: Project;

beforeAll(async () => {
  console.log(`droplet kills: MUSTER_SEED=${SEED} MUSTER_KILLS=${POINTS}`);
  fakeCloud = await cloud({ hosts: false, pace: "scaled" });
  // Actions take long, so that most kills happen while an action is in progress.
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

test("after a run was killed at any moment, the next `pulumi up` leaves exactly one droplet per host, and `pulumi destroy` leaves none", {
  timeout: POINTS * EACH,
}, async () => {
  const random = randomFrom(SEED);
  for (let point = 0; point < POINTS; point++) {
    const isUp = point % 3 !== 2;
    const aim = point % 3 === 1 ? AIMS[Math.floor(point / 3) % AIMS.length] : undefined;
    const delay = Math.round(random() * (aim === undefined ? LATEST : LATEST_AIMED));
    const kill = `${isUp ? "up" : "destroy"} killed ${delay} ms after ${aim ?? "its start"}`;
    if (aim !== undefined) await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
    await killed(isUp ? ["up"] : ["destroy"], delay, aim);
    if (isUp) {
      // No droplet responds here, so every run ends with exit code 1.
      const { all } = await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
      expect({ kill, hosts: dropletNames() }, all).toEqual({ kill, hosts: [...HOSTS].sort() });
      expect(fakeCloud.admin.firewalls()).toHaveLength(HOSTS.length);
      const [first] = fakeCloud.admin.droplets().filter(({ name }) => name === HOSTS[0]);
      const at = { droplet: { id: first?.id } };
      expect({ kill, addresses: fakeCloud.admin.reservedIps() }, all).toMatchObject({
        kill,
        addresses: [at],
      });
      const attached = [{ droplet_ids: [first?.id] }];
      expect({ kill, volumes: fakeCloud.admin.volumes() }, all).toMatchObject({ kill, volumes: attached });
      expect(fakeCloud.admin.keys()).toHaveLength(1);
    }
  }
  await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  const { admin } = fakeCloud;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.volumes(), admin.reservedIps()]).toEqual([
    ...[[], [], [], [], []],
  ]);
});

/**
 * Starts a run and kills its engine. The engine's children continue for a moment, as they would in reality.
 *
 * @param aim the request after which the delay begins; undefined for the start of the run
 */
async function killed(args: readonly string[], delay: number, aim: string | undefined): Promise<void> {
  const count = () => (aim === undefined ? 0 : (fakeCloud.admin.counts().requests[aim] ?? 0));
  const before = count();
  const run = execa(join(ROOT, "bin", "pulumi"), [...args, "--yes", "--skip-preview"], {
    cwd: project.dir,
    env: { ...fakeCloud.env, MUSTER_OFFLINE: "1" },
    stdio: "ignore",
    reject: false,
  });
  while (aim !== undefined && count() === before && run.exitCode === null) await sleep(20);
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
    hosts: Object.fromEntries(HOSTS.map((host, i) => [host, { ...droplet, ...(i === 0 && FIRST) }])),
  });
}
