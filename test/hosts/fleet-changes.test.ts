import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { RECORDS_DIR } from "../../src/model/host-paths.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { readStarts, startsScript } from "./support/host-facts.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const LAYOUT = { hosts: ["box"], agents: { box: ["iris", "loom", "forge", "ada"] } };

/** The project that boots the machine. The other project uses this machine as an existing server. */
let machine: Project;
let project: Project;

const onBox = (script: string) => machine.onHost("box", script);
const up = (...more: string[]) => must(project.pulumi(["up", "--yes", "--skip-preview", ...more]));
const preview = (exitCode = 0) => must(project.pulumi(["preview"]), exitCode);
const nothingToDo = () => must(project.pulumi(["preview", "--expect-no-changes"]));
const starts = async (...agents: string[]) => readStarts(await onBox(startsScript(agents)));
const urnOf = (types: string, name: string) => `urn:pulumi:test::muster::${types}::${name}`;

beforeAll(async () => {
  machine = await makeProject(localFleet({ hosts: ["box"], agents: {} }));
  await must(
    machine.pulumi(["up", "--yes", "--skip-preview", "--target", urnOf("muster:index:LocalHost", "box")]),
  );
  project = await makeProject(sshFleet(), secretsFor(LAYOUT));
  edit(({ agents }) => {
    agents["loom"] = { ...agents["loom"], onRemove: "delete" };
    agents["ada"] = { ...agents["ada"], protect: true };
  });
  await up();
});

afterAll(async () => {
  await project?.pulumi(["state", "unprotect", "--all", "--yes"]);
  await project?.dispose();
  await machine?.dispose();
});

describe("removing an agent", () => {
  test("is announced by `pulumi preview` and `pulumi destroy`, and both say what happens to each home", async () => {
    await onBox("echo kept >/home/forge/notes; echo lost >/home/loom/notes");
    await forgetInState("forge");
    edit(({ agents }) => {
      delete agents["loom"];
      delete agents["forge"];
    });
    const { all } = await preview();
    expect(all).toContain(
      "box: loom is not in fleet.yaml any more: `up` stops it, removes its unit, credentials and user loom, " +
        "and deletes its home /home/loom with everything in it.",
    );
    expect(all).toContain(
      "box: forge is left over, and is in neither fleet.yaml nor the state: `up` stops it, removes its unit, " +
        "credentials and user forge, and moves its home /home/forge aside to /var/lib/muster-aside.",
    );
    expect(all).not.toMatch(/(iris|ada) is (not|left)/);
    const destroy = await project.pulumi(["destroy", "--preview-only"]);
    expect(destroy.all).toMatch(/box: iris: `destroy` stops it, .*moves its home \/home\/iris aside/);
    expect(destroy.all).toMatch(/box: ada is protected: nothing is removed/);
  });

  test("also removes this stack's orphaned resources, and does not affect other stacks or agents", async () => {
    const [owner, theirs] = [`${RECORDS_DIR}/muster~test`, `${RECORDS_DIR}/muster~theirs`];
    await onBox(`mkdir ${theirs}; sed 's#"owner":"[^"]*"#"owner":"muster/theirs"#; s#box/ada/#box/eve/#' \
      ${owner}/box~ada~agent.json >${theirs}/box~eve~agent.json`);
    const before = await starts("iris", "ada");
    const { stdout } = await must(project.fleet(["drift"]));
    expect(stdout).toMatch(/box\/forge\/agent +owned by muster\/test/);
    await up();
    await nothingToDo();
    expect(await starts("iris", "ada")).toEqual(before);
    expect(
      await onBox(
        "ls /home; cat /var/lib/muster-aside/forge-*/notes; ls -d /var/lib/muster-aside/loom-* || true",
      ),
    ).toBe("ada\niris\nkept");
    expect(await onBox(`ls ${owner} | grep -c -e loom -e forge || true; ls ${theirs}; rm -r ${theirs}`)).toBe(
      "0\nbox~eve~agent.json",
    );
    await must(project.fleet(["drift"]));
  });

  test("can be undone, because `pulumi up` prints where the agent's data is and how to restore the data", async () => {
    edit(({ agents }) => {
      agents["forge"] = { ...agents["iris"], identity: "forge", credentials: ["forge-key"] };
    });
    const { all } = await up();
    const [, command = ""] = /forge was here before.*as root on box: (cp .*)$/m.exec(all) ?? [];
    await onBox(command);
    expect(await onBox("cat /home/forge/notes; stat -c %U /home/forge/notes")).toBe("kept\nforge");
  });
});

describe("a protected agent", () => {
  test("is not removed, and `pulumi preview` prints how to remove the agent", async () => {
    const fleetYaml = project.read("fleet.yaml");
    const before = await starts("ada");
    edit(({ agents }) => delete agents["ada"]);
    const { all } = await preview(1);
    expect(all).toMatch(/box: ada is not in fleet.yaml any more, and is protected: nothing is removed/);
    expect(all).toMatch(
      /declare it again with `protect: false`, run `npx pulumi up`, and then remove it from fleet.yaml/,
    );
    await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(await starts("ada")).toEqual(before);
    const running = await starts("ada", "iris");
    const destroy = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]), 1);
    expect(destroy.all).toMatch(/nothing has been destroyed: ada on box is protected\. Set `protect: false`/);
    expect(await starts("ada", "iris")).toEqual(running);
    // The engine restarts a provider when a secret is set.
    await must(
      project.pulumi(["config", "set", "--secret", "muster:loom-key"], { input: "sk-loom-of-nobody" }),
    );
    await must(project.pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(await starts("ada", "iris")).toEqual(running);
    expect(await onBox("ls -d /home/ada")).toBe("/home/ada");
    project.write("fleet.yaml", fleetYaml);
    edit(({ agents }) => {
      agents["ada"] = { ...agents["ada"], protect: false };
    });
    await nothingToDo();
    await up();
    edit(({ agents }) => delete agents["ada"]);
    expect((await up()).all).toMatch(/moved aside to \/var\/lib\/muster-aside\/ada-/);
  });
});

test("a changed secret restarts only the agents that use this secret", async () => {
  const before = await starts("iris", "forge");
  const set = ["config", "set", "--secret", "muster:forge-key"];
  await must(project.pulumi(set, { input: "sk-forge-rotated" }));
  await up();
  const after = await starts("iris", "forge");
  expect(after["iris"]).toEqual(before["iris"]);
  expect(after["forge"]).not.toEqual(before["forge"]);
  const environ = "tr '\\0' '\\n' </proc/$(pgrep -u forge -f agent.sh | head -1)/environ";
  expect(await onBox(environ)).toContain("ANTHROPIC_API_KEY=sk-forge-rotated");
});

describe("a run that targets only one host or agent", () => {
  test("converges its complete target, and ignores unreachable hosts outside the target", async () => {
    const fleetYaml = project.read("fleet.yaml");
    edit(({ hosts, agents }) => {
      hosts["gone"] = { kind: "ssh", address: "127.0.0.1", port: 1 };
      agents["loom"] = { ...agents["iris"], identity: "loom", credentials: [] };
    });
    expect(
      (await project.pulumi(["up", "--yes", "--skip-preview", ...(await targets("--agent", "loom"))]))
        .exitCode,
    ).toBe(0);
    expect(await starts("loom")).toMatchObject({ loom: expect.not.stringContaining("MainPID=0") });
    project.write("fleet.yaml", fleetYaml);
    edit(({ hosts }) => {
      hosts["gone"] = { kind: "ssh", address: "127.0.0.1", port: 1 };
    });
    await up(...(await targets("--host", "box")));
    expect(await onBox("ls /home")).toBe("forge\niris");
    project.write("fleet.yaml", fleetYaml);
  });
});

describe("a rename in fleet.yaml", () => {
  test("keeps an agent's home, learned contacts and uid, even if the tenant is renamed in the same run", async () => {
    await onBox(`echo mine >/home/iris/notes
      sqlite3 /home/iris/contacts.db "INSERT INTO contacts (name, email) VALUES ('learned', 'l@example.org')"`);
    const uid = await onBox("id -u iris");
    edit((fleet) => {
      for (const section of [fleet.agents, fleet.identities, fleet.contacts]) rename(section, "iris", "vera");
      rename(fleet.tenants, "arc", "arcade");
      for (const agent of Object.values(fleet.agents)) agent["tenant"] = "arcade";
      fleet.agents["vera"] = { ...fleet.agents["vera"], identity: "vera" };
      fleet.moved = { agents: { iris: "vera" }, tenants: { arc: "arcade" } };
    });
    const { stdout } = await must(project.fleet(["drift"]));
    expect(stdout).toContain("fleet.yaml has changed, but the change is not applied yet");
    const { all } = await preview();
    expect(all).toContain(
      "box: iris becomes vera: `up` stops it, renames its user and its home with everything in it",
    );
    expect(all).toContain("box: tenant arc becomes arcade");
    // Put the host in the state that a run leaves when it is killed during the rename.
    await onBox("systemctl stop muster-agent-iris; usermod --login vera --home /home/vera iris");
    await up();
    await nothingToDo();
    await must(project.fleet(["drift"]));
    expect(
      await onBox("id -u vera; id -gn vera; cat /home/vera/notes; ls /home /var/lib/muster/credentials"),
    ).toBe(`${uid}\narcade\nmine\n/home:\nforge\nvera\n\n/var/lib/muster/credentials:\nforge\nvera`);
    expect(
      await onBox("sqlite3 /home/vera/contacts.db \"SELECT email FROM contacts WHERE name = 'learned'\""),
    ).toBe("l@example.org");
    expect(
      await onBox(
        "systemctl show -p NRestarts muster-agent-vera; systemctl list-unit-files | grep -c agent-iris || true",
      ),
    ).toBe("NRestarts=0\n0");
  });

  test("restarts no agent on a renamed host, and the entries of `moved` can be removed afterwards", async () => {
    const before = await starts("vera", "forge");
    edit((fleet) => {
      rename(fleet.hosts, "box", "crate");
      for (const agent of Object.values(fleet.agents)) agent["host"] = "crate";
      fleet.moved = { ...fleet.moved, hosts: { box: "crate" } };
    });
    expect((await preview()).all).toContain(
      "box becomes crate: `up` renames its records; nothing on it is stopped or moved.",
    );
    await up();
    expect(await starts("vera", "forge")).toEqual(before);
    expect(await onBox(`ls ${RECORDS_DIR}/*`)).not.toContain("box~");
    expect(Object.keys(parse(project.read("stacks/inventory.yaml")).hosts)).toEqual(["crate"]);
    await nothingToDo();
    edit((fleet) => delete fleet.moved);
    await nothingToDo();
    await must(project.fleet(["drift"]));
  });
});

interface Fleet {
  hosts: Record<string, object>;
  tenants: Record<string, object>;
  identities: Record<string, object>;
  contacts: Record<string, object>;
  agents: Record<string, Record<string, unknown>>;
  moved?: Record<string, Record<string, string>> | undefined;
}

function edit(change: (fleet: Fleet) => void): void {
  const fleet = parse(project.read("fleet.yaml")) as Fleet;
  change(fleet);
  project.write("fleet.yaml", stringify(fleet));
}

function rename<T>(section: Record<string, T>, from: string, to: string): void {
  section[to] = section[from] as T;
  delete section[from];
}

/** Removes an agent only from the state. The agent remains on its host. */
async function forgetInState(agent: string): Promise<void> {
  const urn = urnOf("muster:index:Host$muster:index:Agent", `box/${agent}/agent`);
  await must(project.pulumi(["state", "delete", "--yes", urn]));
}

async function targets(...selection: string[]): Promise<string[]> {
  const { stdout } = await must(project.fleet(["targets", ...selection]));
  return stdout.split("\n").filter((line) => line !== "");
}

function sshFleet(): Record<string, string> {
  const inventory = parse(readFileSync(join(machine.dir, "stacks/inventory.local.yaml"), "utf8")) as {
    hosts: { box: { address: string } };
  };
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as Record<string, unknown>;
  const key = join(machine.dir, ".muster/ssh/id_ed25519");
  const box = { kind: "ssh", address: inventory.hosts.box.address, user: "root", identityFile: key };
  return { ...files, "fleet.yaml": stringify({ ...fleet, hosts: { box } }) };
}
