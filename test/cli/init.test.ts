import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dependencyOn } from "../../src/cli/init/dependency.ts";
import { makeSandbox, type Sandbox } from "./support/sandbox.ts";

const FILES = [
  ".github/workflows/fleet-change.yaml",
  ".github/workflows/fleet-drift.yaml",
  ".gitignore",
  "Pulumi.yaml",
  "contacts.yaml",
  "fleet.yaml",
  "identities/scout/SOUL.md",
  "package.json",
  "stacks/.gitkeep",
  "stacks/dev.passphrase",
];

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = makeSandbox();
});

afterEach(() => sandbox.remove());

const read = (file: string) => readFileSync(join(sandbox.dir, file), "utf8");

function filesIn(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1)).sort();
}

describe("fleet init", () => {
  test("makes a project whose fleet.yaml is valid, and says what to do next", async () => {
    const { code, out } = await sandbox.fleet("init");
    expect(code).toBe(0);
    expect(filesIn(sandbox.dir)).toEqual(FILES);
    expect(out).toMatch(/Next:\n.*npx fleet validate\n.*npx pulumi up$/s);
    expect(await sandbox.fleet("validate")).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 host, 1 agent"),
      err: "",
    });
    expect(read("Pulumi.yaml")).toMatch(/^name: my-fleet$/m);
    expect(statSync(join(sandbox.dir, "stacks/dev.passphrase")).mode & 0o777).toBe(0o600);
  });

  test("writes the workflows where the forge looks for them", async () => {
    expect((await sandbox.fleet("init", "--forge", "gitea")).code).toBe(0);
    expect(filesIn(sandbox.dir).filter((file) => file.includes("workflows"))).toEqual([
      ".gitea/workflows/fleet-change.yaml",
      ".gitea/workflows/fleet-drift.yaml",
    ]);
    expect(await sandbox.fleet("init", "--forge", "gitlab")).toMatchObject({
      code: 2,
      err: expect.stringContaining("there are github, gitea"),
    });
  });

  test("makes the folder that it is given", async () => {
    const { out } = await sandbox.fleet("init", "deep/1. Größe & Co");
    expect(out).toContain("cd deep/1. Größe & Co");
    expect(read("deep/1. Größe & Co/fleet.yaml")).toMatch(/^name: gr-e-co$/m);
  });

  test("overwrites nothing, and writes what is missing", async () => {
    writeFileSync(join(sandbox.dir, "fleet.yaml"), "mine\n");
    const first = await sandbox.fleet("init");
    expect(first.out).toContain("kept        fleet.yaml\n");
    expect(read("fleet.yaml")).toBe("mine\n");
    const again = await sandbox.fleet("init");
    expect(again.out).not.toMatch(/^(wrote|completed)/m);
    expect(again.out.match(/^kept/gm)).toHaveLength(FILES.length);
  });

  test("completes the package.json that npm made, and keeps what stands in it", async () => {
    const own = {
      name: "own",
      scripts: { up: "mine" },
      dependencies: { muster: "file:../muster.tgz", x: "1" },
    };
    writeFileSync(join(sandbox.dir, "package.json"), JSON.stringify(own));
    const { out } = await sandbox.fleet("init");
    expect(out).toContain("completed   package.json\n");
    expect(JSON.parse(read("package.json"))).toEqual({
      ...own,
      scripts: { validate: "fleet validate", drift: "fleet drift", up: "mine" },
    });
  });

  test("touches no package.json that it cannot read", async () => {
    writeFileSync(join(sandbox.dir, "package.json"), "{ broken");
    const { code, err } = await sandbox.fleet("init");
    expect([code, err]).toEqual([2, expect.stringContaining("it is no JSON object")]);
    expect(filesIn(sandbox.dir)).toEqual(["package.json"]);
  });
});

describe("the dependency on muster", () => {
  function installedFrom(resolved: string): string {
    const modules = join(sandbox.dir, "node_modules");
    mkdirSync(join(modules, "muster"), { recursive: true });
    const packages = { "node_modules/muster": { version: "1.2.3", resolved } };
    writeFileSync(join(modules, ".package-lock.json"), JSON.stringify({ packages }));
    return dependencyOn(join(sandbox.dir, "fleet"), join(modules, "muster"));
  }

  test("is the tarball that it was installed from", () => {
    expect(installedFrom("file:../muster-1.2.3.tgz")).toBe("file:../../muster-1.2.3.tgz");
  });

  test("is the version where it came from a registry", () => {
    expect(installedFrom("https://registry.example/muster-1.2.3.tgz")).toBe("^1.2.3");
  });

  test("is the checkout where it was never installed", () => {
    expect(dependencyOn("/home/me/fleet", "/home/me/muster")).toBe("file:../muster");
  });
});
