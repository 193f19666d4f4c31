import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { ensureActionlint } from "./actionlint.ts";

const DIR = join(packageRoot(), "templates/workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: object;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: object;
  readonly jobs: Readonly<Record<string, { readonly env?: object; readonly steps: readonly Step[] }>>;
}

let actionlint: string;

// Building the linter takes a minute, but happens only once on each machine.
beforeAll(async () => {
  actionlint = await ensureActionlint();
}, 600_000);

describe.each(readdirSync(DIR))("the workflow %s", (name) => {
  const text = readFileSync(join(DIR, name), "utf8");
  const workflow = parse(text) as Workflow;
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test("is accepted by actionlint", async () => {
    const options = ["-no-color", "-shellcheck=", "-pyflakes="];
    const { all } = await execa(actionlint, [...options, join(DIR, name)], { all: true, reject: false });
    expect(all).toBe("");
  });

  test("pins third-party actions by commit, with the version in a comment", () => {
    const uses = text.split("\n").filter((line) => line.includes("uses:"));
    expect(uses.length).toBe(steps.filter((step) => step.uses).length);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("never runs a pull request's code with secrets", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect(workflow.permissions["contents"]).toBe("read");
    expect(Object.keys(workflow.permissions)).toHaveLength(2);
    const shared = [workflow, ...jobs].flatMap(({ env }) => Object.values(env ?? {}));
    expect(shared.filter((value) => !/^\$\{\{ secrets\.\w+ != '' \}\}$/.test(value))).toEqual([]);
    for (const step of steps) {
      if (step.uses?.startsWith("actions/checkout")) expect(step.with?.["persist-credentials"]).toBe(false);
      // Otherwise the title of a pull request could become a part of the script.
      expect(step.run ?? "").not.toContain("${{");
    }
    const withKey = steps.filter((step) => step.env !== undefined);
    expect(withKey).toHaveLength(1);
    if ("pull_request" in workflow.on) {
      expect(withKey[0]?.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
    }
  });
});
