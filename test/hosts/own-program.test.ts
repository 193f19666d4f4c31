import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { findEngine } from "../../src/engine/find-engine.ts";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
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

  test("reports that the machine is replaced, and installs everything on the new machine", async () => {
    const before = inventory()["web"];
    project.write(
      "index.ts",
      readFileSync(join(project.dir, "index.ts"), "utf8").replace("debian-12", "debian-12.9"),
    );
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

function inventory(): Record<string, Record<string, unknown>> {
  const text = readFileSync(join(project.dir, "stacks/inventory.pulumi.yaml"), "utf8");
  return (parse(text) as { hosts: Record<string, Record<string, unknown>> }).hosts;
}

async function onWeb(command: string): Promise<string> {
  return (await must(project.run("fleet", "ssh", "web", "--", command))).stdout;
}

async function agents(): Promise<[string, string][]> {
  const { stdout } = await must(project.run("fleet", "ps", "--json"));
  const { agents: all } = JSON.parse(stdout) as { agents: { agent: string; state: string }[] };
  return all.map(({ agent, state }) => [agent, state]);
}
