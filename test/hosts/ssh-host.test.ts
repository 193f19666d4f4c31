import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const LAYOUT = { hosts: ["box"], agents: { box: ["iris", "loom"] } };

/** The project that boots the machine. The other project uses this machine as an existing server. */
let machine: Project;
/** The project that connects to the machine over ssh as the user `ops`, with sudo. */
let project: Project;

beforeAll(async () => {
  machine = await makeProject(localFleet({ hosts: ["box"], agents: {} }));
  await must(machine.pulumi(["up", "--yes", "--skip-preview", "--target", urnOf("LocalHost", "box")]));
  await onBox(`
    useradd --create-home --shell /bin/bash ops
    echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops
    install -d -m 0700 -o ops -g ops /home/ops/.ssh
    install -m 0600 -o ops -g ops /etc/muster-host/authorized_keys /home/ops/.ssh/authorized_keys
    echo 'echo "Welcome to box!"' >> /home/ops/.bashrc`);
  project = await makeProject(sshFleet(), secretsFor(LAYOUT));
});

afterAll(async () => {
  await project?.dispose();
  await machine?.dispose();
});

describe("an existing host with a sudo login", () => {
  test("is refused by `fleet drift` until `pulumi up` has recorded its host key", async () => {
    const drift = await must(project.fleet(["drift"]), 4);
    expect(drift.all).toMatch(/box.*key/s);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    const inventory = parse(project.read("stacks/inventory.yaml")) as { hosts: Record<string, object> };
    expect(inventory.hosts["box"]).toMatchObject({ user: "ops", hostKeys: [expect.stringMatching(/^ssh-/)] });
    await must(project.fleet(["drift"]));
    expect((await must(project.fleet(["ssh", "box", "--", "id", "-un"]))).stdout).toContain("ops");
  });

  test("is restored to its original state by `pulumi destroy`, which keeps the agents' data where only root can read it", async () => {
    await onBox("su iris -c 'echo learned > ~/notes.txt'");
    const destroyed = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
    const aside = /\/var\/lib\/muster-aside\/iris-\S+/.exec(destroyed.all)?.[0] ?? "";
    expect(await onBox(`cat ${aside}/notes.txt; stat -c '%U %a' ${aside} /var/lib/muster-aside`)).toBe(
      "learned\nroot 700\nroot 700",
    );
    const left = await onBox(`
      ls -d /usr/local/lib/muster /var/lib/muster /home/iris /run/muster-* 2>/dev/null
      ls /etc/systemd/system | grep muster-agent
      getent passwd iris loom; getent group arc; pgrep -u iris; true`);
    expect(left).toBe("");
    await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  });

  test("can be converged again by `pulumi up` after a `pulumi destroy`", async () => {
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    await must(project.fleet(["drift"]));
  });
});

function onBox(script: string): Promise<string> {
  return machine.onHost("box", script);
}

function urnOf(type: string, name: string): string {
  return `urn:pulumi:test::muster::muster:index:${type}::${name}`;
}

function sshFleet(): Record<string, string> {
  const inventory = parse(readFileSync(join(machine.dir, "stacks/inventory.local.yaml"), "utf8")) as {
    hosts: { box: { address: string } };
  };
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as Record<string, unknown>;
  const key = join(machine.dir, ".muster/ssh/id_ed25519");
  const box = { kind: "ssh", address: inventory.hosts.box.address, user: "ops", identityFile: key };
  return { ...files, "fleet.yaml": stringify({ ...fleet, hosts: { box } }) };
}
