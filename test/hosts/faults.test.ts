import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { fullDiskAt } from "./support/faults/disk.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { type Link, linkOf } from "./support/host-link.ts";
import { type CommandResult, makeProject, must, type Project } from "./support/project.ts";
import { type Trace, traceOf } from "./support/trace.ts";

const LAYOUT = { hosts: ["hub", "east"], agents: { hub: ["arc"], east: ["iris", "loom"] } };
const UP = ["up", "--yes", "--skip-preview"];

/** The seconds by which an unreachable host delays a run. A reachable host responds sooner, even during other tests. */
const CONNECT_TIMEOUT = 5;

const HUB_UNREACHABLE = /warning: hub is unreachable, last reached .* UTC: \S/;

let project: Project;
let trace: Trace;
let hub: Link;

beforeAll(async () => {
  // A changed host key would not be noticed over a connection that is already open.
  project = await makeProject(localFleet(LAYOUT), secretsFor(LAYOUT), { MUSTER_SSH_PERSIST: "0" });
  trace = traceOf(project);
  changeFleet((fleet) => {
    for (const host of LAYOUT.hosts) fleet.hosts[host] = { kind: "local", connectTimeout: CONNECT_TIMEOUT };
    fleet.identities["iris"] = {
      ...fleet.identities["iris"],
      files: { "agent.sh": { from: "agent.sh", mode: "0755" }, "docs/rules.md": { from: "rules.md" } },
    };
  });
  await must(up());
  hub = await linkOf(project, "hub");
});

afterAll(() => project?.dispose());

describe("an unreachable host", () => {
  beforeAll(async () => {
    await project.onHost("hub", "echo '# nobody' > /home/arc/SOUL.md");
    await hub.cut();
    trace.take();
  });
  afterAll(() => hub.restore());

  test("is named by `fleet drift`, which exits with code 4 after one connect timeout", async () => {
    const started = Date.now();
    const drift = await must(project.fleet(["drift"], { env: trace.env }), 4);
    expect(drift.stdout).toMatch(/^hub is unreachable, last reached .* UTC: it cannot be reached/m);
    expect(connectionsTo("hub")).toBe(1);
    expect(Date.now() - started).toBeLessThan((CONNECT_TIMEOUT + 5) * 1000);
  });

  test("is skipped by `fleet drift`, which still reports the differences on the remaining hosts", async () => {
    await project.onHost("east", "echo '# nobody' > /home/iris/SOUL.md");
    const drift = await must(project.fleet(["drift", "--json"]), 7);
    expect(JSON.parse(drift.stdout)).toMatchObject({
      codes: [7, 4],
      hosts: expect.arrayContaining([expect.objectContaining({ host: "hub", state: "away" })]),
      findings: [{ host: "east", agent: "iris", item: "SOUL.md", property: "content" }],
    });
  });

  test("is named by `pulumi preview`, which exits with code 7 after one connect timeout", async () => {
    const preview = await must(pulumi(["preview", "--diff", "--expect-no-changes"]), 7);
    expect(preview.all).toMatch(HUB_UNREACHABLE);
    expect(connectionsTo("hub")).toBe(1);
  });

  test("keeps its resources in the state, while `pulumi up` converges all remaining hosts and exits with code 1", async () => {
    changeFleet((fleet) => {
      delete fleet.agents["loom"];
      delete fleet.contacts["loom"];
    });
    const result = await must(up(), 1);
    expect(result.all).toMatch(HUB_UNREACHABLE);
    expect(result.all).not.toMatch(/^\s+at .*:\d+:\d+\)?$|prematurely/m);
    expect(connectionsTo("hub")).toBe(1);
    expect(await project.onHost("east", "cat /home/iris/SOUL.md")).toBe("# iris\n\nI am iris.");
    expect(await project.onHost("east", "ls -d /home/loom; getent passwd loom; true")).toBe("");
    const recorded = await agentsInState();
    expect(Object.keys(recorded).sort()).toEqual(["east/iris/agent", "hub/arc/agent"]);
    expect(recorded["hub/arc/agent"]).toEqual(
      expect.objectContaining({
        identity: expect.objectContaining({ "SOUL.md": expect.anything() }),
        credentials: expect.objectContaining({ "arc-key": expect.anything() }),
        contacts: expect.objectContaining({ "contacts.db": expect.anything() }),
        unit: expect.objectContaining({ unit: expect.anything() }),
      }),
    );
  });

  test("is repaired by the next `pulumi up` that can reach the host", async () => {
    await hub.restore();
    await must(up());
    expect(await project.onHost("hub", "cat /home/arc/SOUL.md")).toBe("# arc\n\nI am arc.");
    await must(project.fleet(["drift"]));
  });
});

describe("a host with a changed host key", () => {
  const key = "/etc/ssh/ssh_host_ed25519_key";
  beforeAll(async () => {
    const make = `mv ${key} /root/key && ssh-keygen -q -t ed25519 -N '' -f ${key}`;
    await project.onHost("hub", `${make} && systemctl restart ssh`);
    trace.take();
  });
  test.each([
    ["drift", 4, () => project.fleet(["drift"], { env: trace.env })],
    ["up", 1, () => up()],
  ] as const)(
    "is refused by `%s`, which prints where the old key is pinned and what to do",
    async (_, code, run) => {
      const result = await must(run(), code);
      expect(result.all).toMatch(
        /hub.*the connection was rejected because its host key is not the pinned one/,
      );
      expect(result.all).toContain(
        "If the host was reinstalled, remove its keys from stacks/inventory.local.yaml",
      );
      expect(trace.take().filter((entry) => entry.host === "hub")).toEqual([{ host: "hub", op: "connect" }]);
    },
  );

  test("is accepted by `pulumi up` once its pinned keys are removed from the inventory", async () => {
    const file = "stacks/inventory.local.yaml";
    const inventory = parse(project.read(file)) as { hosts: Record<string, { hostKeys: string[] }> };
    for (const [host, entry] of Object.entries(inventory.hosts)) if (host === "hub") entry.hostKeys = [];
    project.write(file, stringify(inventory));
    await must(up());
    await must(project.fleet(["drift"]));
    expect(existsSync(join(project.dir, "stacks/inventory.yaml"))).toBe(false);
  });
});

describe("a stack's passphrase", () => {
  test("causes an error in one sentence if the passphrase is wrong, and nothing is changed", async () => {
    trace.take();
    const state = await stateOnDisk();
    const env = { ...trace.env, PULUMI_CONFIG_PASSPHRASE: "wrong" };
    const result = await project.pulumi(UP, { env });
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toMatch(
      /secrets of stack test cannot be read: the passphrase in \w+ is not the one/,
    );
    expect(trace.take()).toEqual([]);
    expect(await stateOnDisk()).toEqual(state);
  });

  test("causes exit code 2 if the passphrase is missing, and the error says where to save the passphrase", async () => {
    const file = join(project.dir, "stacks/test.passphrase");
    renameSync(file, `${file}.away`);
    const result = await project
      .pulumi([...UP, "--stack", "test"])
      .finally(() => renameSync(`${file}.away`, file));
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toContain(`save it as ${file} with mode 0600`);
  });
});

describe("a full disk", () => {
  test.each([
    ["/home/iris", "/home/iris/SOUL.md"],
    ["/var/lib/muster", "/var/lib/muster/"],
  ])(
    "is reported with its path (%s), and `pulumi up` succeeds once the disk has enough free space",
    async (dir, path) => {
      const before = await project.onHost("east", "cat /home/iris/SOUL.md");
      await project.onHost("east", `${fullDiskAt(dir)}`);
      const soul = `# iris at ${dir}\n${"I am iris.\n".repeat(2000)}`;
      project.write("identities/iris.md", soul);
      const result = await must(up(), 1).finally(() => project.onHost("east", `umount -l ${dir}`));
      expect(result.all).toMatch(new RegExp(`${path}.*no space left on device`));
      expect(await project.onHost("east", "cat /home/iris/SOUL.md")).toBe(before);
      expect(await project.onHost("east", "find /home/iris /var/lib/muster -name '.*muster-new*'")).toBe("");
      await must(up());
      expect(await project.onHost("east", "cat /home/iris/SOUL.md")).toBe(soul.trimEnd());
      await must(project.fleet(["drift"]));
    },
  );
});

describe("an agent with one part that fails", () => {
  const isUp = () => project.onHost("east", "systemctl is-active muster-agent-iris || true");
  const change = (text: string) => {
    const soul = `# iris, ${text}\n`;
    project.write("identities/iris.md", soul);
    return soul.trimEnd();
  };

  test("gets all remaining parts if its contacts fail, and the error names the contacts", async () => {
    await project.onHost(
      "east",
      `systemctl stop muster-agent-iris
      sqlite3 /home/iris/contacts.db "DELETE FROM contacts; CREATE TRIGGER own AFTER INSERT ON contacts BEGIN SELECT 1; END"`,
    );
    const soul = change("whose book has a trigger");
    const result = await must(up(), 1);
    expect(result.all).toMatch(
      /east: east\/iris\/agent: contacts: contacts\.db \(.*\): the table contacts has the trigger/,
    );
    expect(await project.onHost("east", "cat /home/iris/SOUL.md")).toBe(soul);
    expect(await isUp()).toBe("active");
    expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/iris +contacts\.db +rows/);
    await project.onHost("east", 'sqlite3 /home/iris/contacts.db "DROP TRIGGER own"');
    await must(up());
    await must(project.fleet(["drift"]));
  });

  test("is not started if its identity fails", async () => {
    await project.onHost("east", `systemctl stop muster-agent-iris; ${fullDiskAt("/home/iris")}`);
    change(`who has no room\n${"I am iris.\n".repeat(2000)}`);
    const result = await must(up(), 1).finally(() => project.onHost("east", "umount -l /home/iris"));
    expect(result.all).toMatch(/east: east\/iris\/agent: identity: SOUL\.md .*no space left on device/);
    expect(await isUp()).toBe("inactive");
    await must(up());
    expect(await isUp()).toBe("active");
    await must(project.fleet(["drift"]));
  });
});

describe("a file that replaces a folder", () => {
  test.each([
    ["an agent's home", "/home/iris", /\/home\/iris +type +declared directory +observed file/],
    ["an identity file's folder", "/home/iris/docs", /rules\.md +type +declared file +observed absent/],
  ])("is reported, and `pulumi up` restores %s with its content", async (_, dir, finding) => {
    await project.onHost("east", `mv ${dir} ${dir}.kept && echo 'in the way' > ${dir}`);
    const drift = await must(project.fleet(["drift"]), 7);
    expect(drift.stdout).toMatch(finding);
    await must(up());
    expect(await project.onHost("east", "cat /home/iris/docs/rules.md; ls -d /home/iris*")).toContain(
      "be kind",
    );
    await must(project.fleet(["drift"]));
    expect(await project.onHost("east", `ls -A ${dir}.kept`)).not.toBe("");
  });
});

function up(): Promise<CommandResult> {
  return pulumi(UP);
}

function pulumi(args: readonly string[]): Promise<CommandResult> {
  return project.pulumi(args, { env: trace.env });
}

function connectionsTo(host: string): number {
  return trace.take().filter((entry) => entry.host === host && entry.op === "connect").length;
}

/** Returns the outputs of each agent in the stack's state, by resource name. */
async function agentsInState(): Promise<Record<string, object>> {
  const { deployment } = JSON.parse((await must(pulumi(["stack", "export"]))).stdout) as {
    deployment: { resources: { urn: string; type: string; outputs?: object }[] };
  };
  const agents = deployment.resources.filter(({ type }) => type === "muster:index:Agent");
  return Object.fromEntries(agents.map(({ urn, outputs = {} }) => [urn.split("::")[3] ?? "", outputs]));
}

/** Checksums of the state files on this machine. Only a run that changes something writes these files. */
async function stateOnDisk(): Promise<string> {
  const { stdout } = await execa("sh", ["-c", "sha256sum .state/.pulumi/stacks/muster/*.json"], {
    cwd: project.dir,
  });
  return stdout;
}

interface FleetText {
  readonly hosts: Record<string, object>;
  readonly identities: Record<string, object>;
  readonly contacts: Record<string, object>;
  readonly agents: Record<string, object>;
}

function changeFleet(change: (fleet: FleetText) => void): void {
  if (!existsSync(join(project.dir, "rules.md"))) project.write("rules.md", "be kind\n");
  const fleet = parse(project.read("fleet.yaml")) as FleetText;
  change(fleet);
  project.write("fleet.yaml", stringify(fleet));
}
