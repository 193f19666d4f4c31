import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const layout = { hosts: ["hub", "east"], agents: { hub: ["arc"], east: ["iris", "loom"] } };

let project: Project;

beforeAll(async () => {
  project = await makeProject(localFleet(layout), secretsFor(layout));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
});

afterAll(() => project?.dispose());

describe("a fleet after its first `pulumi up`", () => {
  test("runs every agent in its own terminal with its own secret", async () => {
    const { stdout } = await must(project.fleet(["ps", "--json"]));
    const { agents } = JSON.parse(stdout) as { agents: { agent: string; state: string; pid: number }[] };
    expect(agents.map((one) => [one.agent, one.state])).toEqual([
      ["arc", "running"],
      ["iris", "running"],
      ["loom", "running"],
    ]);
    const pane = await project.onHost(
      "east",
      "tr '\\0' '\\n' </proc/$(pgrep -u iris -f agent.sh | head -1)/environ",
    );
    expect(pane).toContain("ANTHROPIC_API_KEY=sk-iris-0123456789");
  });

  test("has no drift and needs no changes", async () => {
    const drift = await must(project.fleet(["drift"]));
    expect(drift.stdout).toContain("no drift");
    const preview = await must(project.pulumi(["preview", "--diff", "--expect-no-changes"]));
    expect(preview.stdout).not.toContain("(update)");
  });

  test("lists its hosts and agents in its stack outputs", async () => {
    const { stdout } = await must(project.pulumi(["stack", "output", "--json"]));
    const addressOf = (host: string) => project.sshArguments(host).at(-1)?.replace("root@", "");
    const agent = (host: string, name: string) => {
      return { host, tenant: "arc", unit: `muster-agent-${name}.service`, runtime: "command" };
    };
    expect(JSON.parse(stdout)).toEqual({
      hosts: {
        hub: { kind: "local", address: addressOf("hub") },
        east: { kind: "local", address: addressOf("east") },
      },
      agents: { arc: agent("hub", "arc"), iris: agent("east", "iris"), loom: agent("east", "loom") },
    });
  });

  test("shows an overwritten identity file as drift, and `pulumi up` restores the file", async () => {
    await project.onHost("east", "echo '# I am Arc' > /home/iris/SOUL.md");
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(/iris.*SOUL\.md.*content/);
    const preview = await must(project.pulumi(["preview", "--expect-no-changes"]), 7);
    expect(preview.stdout).toMatch(/muster:index:Agent +east\/iris\/agent +update +\[diff: ~identity\]/);
    const detailed = await must(project.pulumi(["preview", "--diff", "--expect-no-changes"]), 7);
    expect(detailed.stdout).toContain("SOUL.md");
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(await project.onHost("east", "cat /home/iris/SOUL.md")).toBe("# iris\n\nI am iris.");
    await must(project.fleet(["drift"]));
  });

  test("prevents an agent from reading another agent's secrets and home", async () => {
    const asLoom = (command: string) => project.onHost("east", `su loom -c '${command}' 2>&1 || true`);
    expect(await asLoom("cat /var/lib/muster/credentials/iris/iris-key")).toContain("Permission denied");
    expect(await asLoom("ls /home/iris")).toContain("Permission denied");
    expect(await asLoom("ls /run/muster-iris")).toContain("Permission denied");
  });

  test("shows a stopped host as unreachable, and `pulumi up` boots and converges that host", async () => {
    await execa("ssh", [...project.sshArguments("hub"), "poweroff"], { reject: false });
    await expect.poll(async () => (await project.fleet(["drift"])).exitCode, { timeout: 60_000 }).toBe(4);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    await must(project.fleet(["drift"]));
  });
});

test("`pulumi destroy` leaves no process or mount of a local host", async () => {
  const one = { hosts: ["lone"], agents: { lone: ["arc"] } };
  const other = await makeProject(localFleet(one), secretsFor(one));
  try {
    await must(other.pulumi(["up", "--yes", "--skip-preview"]));
    const address = /root@(.*)/.exec(other.sshArguments("lone").at(-1) ?? "")?.[1] ?? "";
    await must(other.pulumi(["destroy", "--yes", "--skip-preview"]));
    const { stdout: mounts } = await execa("cat", ["/proc/mounts"]);
    const { stdout: processes } = await execa("ps", ["-eo", "args"]);
    expect(mounts).not.toContain("-lone");
    expect(processes).not.toContain("-lone");
    const ping = await execa("ssh", ["-o", "BatchMode=yes", "-o", "ConnectTimeout=2", `root@${address}`], {
      reject: false,
    });
    expect(ping.exitCode).toBe(255);
    await must(other.pulumi(["destroy", "--yes", "--skip-preview"]));
  } finally {
    await other.dispose();
  }
});
