import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { findEngine } from "../../src/engine/find-engine.ts";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
import { docsBlock } from "./support/docs-blocks.ts";
import { type OwnProject, ownProject } from "./support/own-program/project.ts";
import { must } from "./support/project.ts";

const UP = ["up", "--yes", "--skip-preview"];

let project: OwnProject;

beforeAll(async () => {
  project = await ownProject();
  await must(project.run("pulumi", "stack", "init", "test"));
  await must(project.run("pulumi", "config", "set", "--secret", "muster:iris-key", "sk-iris-0123456789"));
});

afterAll(() => project?.dispose());

describe("the program in docs/own-program.md", () => {
  test("reports in the first preview that the address is not known yet, and creates nothing", async () => {
    const preview = await must(project.run("pulumi", "preview"));
    expect(preview.all).toContain(
      "web: its address is known after the first `up`, which also pins its host keys",
    );
    expect(preview.all).toMatch(/muster:index:Agent +web\/iris\/agent +create/);
    expect(localHosts(project.dir).list()).toEqual([]);
    expect((await must(project.run("fleet", "drift"), 4)).all).toContain(
      "its address is known after the first `up`",
    );
  });

  test("reports each missing setting of an engine without Muster's launcher", async () => {
    const { pulumi = "" } = (await findEngine()) ?? {};
    const preview = await must(project.engine(pulumi, "preview", "--stack", "test"));
    expect(preview.all).toContain("neither PULUMI_CONTINUE_ON_ERROR=true nor `--continue-on-error` is set");
    expect(preview.all).toContain("neither PULUMI_PARALLEL=64 nor `--parallel 64` is set");
    expect(preview.all).not.toContain("refresh");
  });

  test("creates the machine and its agents with one `up`, and records the address in the inventory", async () => {
    const up = await must(project.run("pulumi", ...UP));
    expect(up.all).not.toContain("sk-iris");
    expect(up.all).not.toContain("warning");
    const [name = ""] = localHosts(project.dir).list();
    const { address, hostKeys } = localHosts(project.dir).find(name) ?? {};
    expect(inventory()["web"]).toMatchObject({ address, user: "root", machine: name, hostKeys });
    const output = await must(project.run("pulumi", "stack", "output", "--json"));
    expect(JSON.parse(output.stdout)).toMatchObject({
      hosts: { web: { kind: "pulumi", address } },
      agents: { iris: { host: "web", unit: "muster-agent-iris.service" } },
    });
  });

  test("leaves no drift, and `fleet ps` shows the running agent with its secret", async () => {
    expect((await must(project.run("fleet", "drift"))).stdout).toContain("no drift");
    const preview = await must(project.run("pulumi", "preview", "--expect-no-changes"));
    expect(preview.all).not.toContain("warning");
    expect(await agents()).toEqual([["iris", "running"]]);
    const key = "cat /var/lib/muster/credentials/iris/iris-key";
    expect(await onWeb(key)).toContain("sk-iris-0123456789");
  });

  test("repairs an edited file, in a run that is limited to the agent", async () => {
    await onWeb("echo edited >/home/iris/SOUL.md");
    expect((await must(project.run("fleet", "drift"), 7)).stdout).toMatch(/iris.*SOUL\.md/);
    const targets = (await must(project.run("fleet", "targets", "--agent", "iris"))).stdout
      .trim()
      .split("\n");
    await must(project.run("pulumi", ...UP, ...targets));
    expect((await must(project.run("fleet", "drift"))).stdout).toContain("no drift");
  });

  test("creates no machine in a tenant's stack, and logs in with the tenant's key", async () => {
    await must(project.run("fleet", "stack", "add", "arc"));
    await must(project.run("pulumi", ...UP, "--stack", "test"));
    await must(project.run("pulumi", "config", "set", "muster:takesOver", "infra/test", "--stack", "arc"));
    const key = ["--secret", "muster:iris-key", "sk-iris-0123456789", "--stack", "arc"];
    await must(project.run("pulumi", "config", "set", ...key));
    const own = readFileSync(join(project.dir, "index.ts"), "utf8");
    project.write("index.ts", docsBlock("own-program.md", "tenants.ts"));
    const preview = await must(project.run("pulumi", "preview", "--stack", "arc"));
    expect(preview.all).toMatch(/muster:index:Agent +web\/iris\/agent +create/);
    expect(preview.all).not.toContain("pulumi-nodejs:dynamic:Resource");
    project.write("index.ts", own);
  });

  test("updates all other hosts if a machine cannot be created, and reports its host in one sentence", async () => {
    const [web, spare] = ["  web: { kind: pulumi", "  spare: { kind: pulumi, identityFile: key }\n"];
    const values = "{ address: spare.ipv4Address, keys: spare.hostKeys, machine: spare.serial }";
    project.edit("fleet.yaml", [web, `${spare}${web}`]);
    project.edit(
      "index.ts",
      ["const fleet", 'const spare = new Server("spare", { image: "unavailable" });\nconst fleet'],
      ["hosts: {\n", `hosts: {\n    spare: ${values},\n`],
    );
    project.write("iris.md", "# Iris, updated\n");
    const up = await must(project.run("pulumi", ...UP), 1);
    expect(up.all).toContain("no machine with this image is available");
    expect(up.all).toContain("spare: its machine cannot be contacted: `address` is empty");
    expect(up.all).not.toContain("unhandled exception");
    expect(await onWeb("cat /home/iris/SOUL.md")).toContain("# Iris, updated");
    project.edit("fleet.yaml", [spare, ""]);
    project.edit("index.ts", ["const spare", "// const spare"], ["    spare:", "    // spare:"]);
  });

  test("reports that the machine is replaced, and installs everything on the new machine", async () => {
    const before = inventory()["web"];
    project.edit("index.ts", ["debian-12", "debian-12.9"]);
    expect((await must(project.run("pulumi", "preview"))).all).toContain("web: its machine is replaced.");
    await must(project.run("pulumi", ...UP));
    expect(localHosts(project.dir).list()).toEqual([inventory()["web"]?.["machine"]]);
    expect(inventory()["web"]?.["address"]).not.toBe(before?.["address"]);
    expect((await must(project.run("fleet", "drift"))).stdout).toContain("no drift");
  });

  test("removes everything with `destroy`, and removes the machine last", async () => {
    await must(project.run("pulumi", "destroy", "--yes", "--skip-preview"));
    expect(localHosts(project.dir).list()).toEqual([]);
    expect(inventory()).toEqual({});
  });
});

describe("a stack that changes to Muster's own program", () => {
  test("keeps its machines and its running agents, and requires that the machines are removed from the state", async () => {
    await must(project.run("pulumi", ...UP));
    const iris = await startOfIris();
    const { address, machine, hostKeys } = inventory()["web"] ?? {};
    project.edit("fleet.yaml", [
      "kind: pulumi",
      `kind: ssh, address: ${address}, user: root, hostKeys: ${JSON.stringify(hostKeys)}`,
    ]);
    project.edit("index.ts", ["    web:", "    // web:"]);
    await must(project.run("pulumi", ...UP));
    project.edit("Pulumi.yaml", ["main: index.ts", "main: node_modules/muster-fleet/dist/program.mjs"]);
    const refused = await must(project.run("pulumi", "preview"), 1);
    expect(refused.all).toContain("This run would delete web (pulumi-nodejs:dynamic:Resource).");
    const server = "urn:pulumi:test::infra::pulumi-nodejs:dynamic:Resource::web";
    await must(project.run("pulumi", "state", "delete", "--yes", server));
    await must(project.run("pulumi", ...UP));
    await must(project.run("pulumi", "preview", "--expect-no-changes"));
    expect(await startOfIris()).toBe(iris);
    expect(localHosts(project.dir).list()).toEqual([machine]);
  });

  test("can change back to the user's program, which also restarts no agent", async () => {
    const iris = await startOfIris();
    project.edit("Pulumi.yaml", ["main: node_modules/muster-fleet/dist/program.mjs", "main: index.ts"]);
    project.edit("index.ts", ["const server", "// const server"]);
    await must(project.run("pulumi", ...UP));
    await must(project.run("pulumi", "preview", "--expect-no-changes"));
    expect(await startOfIris()).toBe(iris);
  });
});

function inventory(): Record<string, Record<string, unknown>> {
  const text = readFileSync(join(project.dir, "stacks/inventory.pulumi.yaml"), "utf8");
  return (parse(text) as { hosts: Record<string, Record<string, unknown>> }).hosts;
}

async function onWeb(command: string): Promise<string> {
  return (await must(project.run("fleet", "ssh", "web", "--", command))).stdout;
}

/** Returns the process of iris and the time of its start, which both differ after a restart. */
function startOfIris(): Promise<string> {
  return onWeb(
    "systemctl show muster-agent-iris.service --property MainPID --property ActiveEnterTimestampMonotonic",
  );
}

async function agents(): Promise<[string, string][]> {
  const { stdout } = await must(project.run("fleet", "ps", "--json"));
  const { agents: all } = JSON.parse(stdout) as { agents: { agent: string; state: string }[] };
  return all.map(({ agent, state }) => [agent, state]);
}
