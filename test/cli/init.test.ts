import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { dependencyOn } from "../../src/cli/init/muster-dependency.ts";
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
  "stacks/README.md",
  "stacks/dev.passphrase",
];

/** Files that only the template's fleet.yaml names. */
const TEMPLATE_FLEET = ["contacts.yaml", "identities/scout/SOUL.md"];

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
  test("creates a project with a valid fleet.yaml, and prints the next steps", async () => {
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

  test("writes the workflows to the folder that the forge reads", async () => {
    expect((await sandbox.fleet("init", "--forge", "gitea")).code).toBe(0);
    expect(filesIn(sandbox.dir).filter((file) => file.includes("workflows"))).toEqual([
      ".gitea/workflows/fleet-change.yaml",
      ".gitea/workflows/fleet-drift.yaml",
    ]);
    expect(await sandbox.fleet("init", "--forge", "gitlab")).toMatchObject({
      code: 2,
      err: expect.stringContaining("the known forges are github, gitea"),
    });
  });

  test("creates the folder named on the command line", async () => {
    const { out } = await sandbox.fleet("init", "deep/1. Größe & Co");
    expect(out).toContain("cd deep/1. Größe & Co");
    expect(read("deep/1. Größe & Co/fleet.yaml")).toMatch(/^name: gr-e-co$/m);
  });

  test("writes only missing files, and overwrites no file", async () => {
    writeFileSync(join(sandbox.dir, "fleet.yaml"), "mine\n");
    const first = await sandbox.fleet("init");
    expect(first.out).toContain("kept        fleet.yaml\n");
    expect(read("fleet.yaml")).toBe("mine\n");
    const again = await sandbox.fleet("init");
    expect(again.out).not.toMatch(/^(wrote|completed|changed)/m);
    expect(again.out.match(/^kept/gm)).toHaveLength(filesIn(sandbox.dir).length);
    expect(filesIn(sandbox.dir)).toEqual(FILES.filter((file) => !TEMPLATE_FLEET.includes(file)));
  });

  test("completes a package.json that npm has created, and keeps its contents", async () => {
    const own = {
      name: "own",
      scripts: { up: "mine" },
      dependencies: { "muster-fleet": "file:../muster-fleet.tgz", x: "1" },
    };
    writeFileSync(join(sandbox.dir, "package.json"), JSON.stringify(own));
    const { out } = await sandbox.fleet("init");
    expect(out).toContain("completed   package.json\n");
    expect(JSON.parse(read("package.json"))).toEqual({
      ...own,
      scripts: { validate: "fleet validate", drift: "fleet drift", up: "mine" },
    });
  });

  test("does not change a package.json that it cannot parse", async () => {
    writeFileSync(join(sandbox.dir, "package.json"), "{ broken");
    const { code, err } = await sandbox.fleet("init");
    expect([code, err]).toEqual([2, expect.stringContaining("it is not a JSON object")]);
    expect(filesIn(sandbox.dir)).toEqual(["package.json"]);
  });
});

describe("`fleet init` in a folder with an existing fleet.yaml", () => {
  const FLEET = {
    apiVersion: "muster/v1",
    kind: "Fleet",
    name: "own",
    hosts: { hub: { kind: "local" }, web: { kind: "ssh", address: "web.example.org" } },
    tenants: { team: {} },
    credentials: {
      "iris-key": { from: "config:iris-key", type: "api-key" },
      "loom-key": { from: "env:LOOM_KEY", type: "api-key" },
      "vera-key": { from: "file:vera.key", type: "api-key" },
    },
    identities: { iris: { soul: "iris.md" } },
    contacts: { iris: { display_name: "Iris" } },
    agents: { iris: { host: "web", tenant: "team", command: ["/bin/true"], credentials: ["iris-key"] } },
  };

  function writeFleet(): void {
    writeFileSync(join(sandbox.dir, "fleet.yaml"), stringify(FLEET));
    writeFileSync(join(sandbox.dir, "iris.md"), "# Iris\n");
  }

  const steps = (out: string) =>
    out
      .slice(out.indexOf("Next:\n") + 6)
      .trim()
      .split("\n")
      .map((line) => line.trim());

  test("lists the next steps for this fleet's hosts and secrets, and writes no template file", async () => {
    writeFleet();
    const { code, out } = await sandbox.fleet("init", ".");
    expect(code).toBe(0);
    expect(steps(out)).toEqual([
      "npm install",
      "npx fleet validate",
      "npx pulumi stack init dev",
      "npx pulumi config set --secret muster:iris-key",
      "export LOOM_KEY=…",
      `write the secret into ${join(realpathSync(sandbox.dir), "vera.key")}, with mode 0600`,
      "npx fleet doctor    # checks whether this machine can boot hub",
      "npx fleet doctor --hosts    # checks whether SSH reaches web",
      "npx pulumi up",
    ]);
    expect(filesIn(sandbox.dir)).not.toEqual(expect.arrayContaining([expect.stringContaining("scout")]));
  });

  test("omits each step that is already done", async () => {
    writeFleet();
    await sandbox.fleet("init");
    const stack = { encryptionsalt: "v1:x", config: { "muster:iris-key": { secure: "v1:y" } } };
    writeFileSync(join(sandbox.dir, "stacks/Pulumi.dev.yaml"), stringify(stack));
    writeFileSync(join(sandbox.dir, "vera.key"), "sk-vera");
    expect(steps((await sandbox.fleet("init")).out)).toEqual([
      "npm install",
      "npx fleet validate",
      "npx pulumi stack select dev",
      "export LOOM_KEY=…",
      "npx fleet doctor    # checks whether this machine can boot hub",
      "npx fleet doctor --hosts    # checks whether SSH reaches web",
      "npx pulumi up",
    ]);
  });

  test("asks for a passphrase that is not on this machine, and creates no second stack", async () => {
    writeFleet();
    mkdirSync(join(sandbox.dir, "stacks"));
    writeFileSync(join(sandbox.dir, "stacks/Pulumi.prod.yaml"), stringify({ encryptionsalt: "v1:x" }));
    const { out } = await sandbox.fleet("init");
    expect(out).toMatch(/put the passphrase of stack prod into .*stacks\/prod\.passphrase, with mode 0600\n/);
    expect(filesIn(join(sandbox.dir, "stacks"))).toEqual(["Pulumi.prod.yaml", "README.md"]);
  });

  test("reports each missing file with the line of fleet.yaml that names the file", async () => {
    writeFleet();
    rmSync(join(sandbox.dir, "iris.md"));
    const found = steps((await sandbox.fleet("init")).out);
    expect(found.slice(0, 2)).toEqual([
      "npm install",
      "correct 1 error in fleet.yaml, which `npx fleet validate` reports:",
    ]);
    expect(found[2]).toMatch(/^.*fleet\.yaml:\d+:\d+ identities\.iris\.soul: .*iris\.md.* does not exist/);
    expect(found[3]).toMatch(/^npx fleet init \./);
  });
});

describe("a project that uses the package's former name", () => {
  const PULUMI_YAML = `# node_modules/muster/ in a comment
name: own
main: node_modules/muster/dist/program.mjs
plugins:
  providers:
    - name: muster
      path: ./node_modules/muster/plugin   # the provider
`;
  const SCHEMA = "# yaml-language-server: $schema=./node_modules/muster/schema/fleet.schema.json\n";

  beforeEach(async () => {
    await sandbox.fleet("init");
    const manifest = { dependencies: { muster: "file:../muster-0.1.0.tgz", x: "1" } };
    writeFileSync(join(sandbox.dir, "Pulumi.yaml"), PULUMI_YAML);
    writeFileSync(join(sandbox.dir, "package.json"), JSON.stringify(manifest));
    const fleet = read("fleet.yaml").replace(/^.*\n/, SCHEMA);
    writeFileSync(join(sandbox.dir, "fleet.yaml"), fleet);
  });

  test("is reported by `fleet` in one sentence, but all commands still work", async () => {
    expect(await sandbox.fleet("validate")).toEqual({
      code: 0,
      out: "fleet.yaml is valid: 1 host, 1 agent",
      err:
        "warning: Pulumi.yaml: it names node_modules/muster: Muster's npm package is called muster-fleet now. " +
        "Run `npx fleet init .`, which changes Pulumi.yaml and package.json.",
    });
  });

  test("is changed once by `fleet init .`, which prints the changes", async () => {
    const { code, out, err } = await sandbox.fleet("init", ".");
    expect([code, err]).toEqual([0, ""]);
    expect(out.match(/^changed .*$/gm)).toEqual([
      "changed     package.json: it now depends on muster-fleet instead of muster",
      "changed     fleet.yaml: it now names node_modules/muster-fleet instead of node_modules/muster",
      "changed     Pulumi.yaml: it now names node_modules/muster-fleet instead of node_modules/muster",
    ]);
    // npm removes the programs of the former package, because they have the same names as the current programs.
    expect(out).toContain("Next:\n  npm install && npm rebuild muster-fleet\n");
    expect(read("Pulumi.yaml")).toBe(`# node_modules/muster/ in a comment
name: own
main: node_modules/muster-fleet/dist/program.mjs
plugins:
  providers:
    - name: muster
      path: ./node_modules/muster-fleet/plugin   # the provider
`);
    expect(read("fleet.yaml").split("\n")[0]).toBe(
      "# yaml-language-server: $schema=./node_modules/muster-fleet/schema/fleet.schema.json",
    );
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    expect(dependencies).toEqual({ x: "1", "muster-fleet": expect.stringMatching(/^file:/) });
    expect((await sandbox.fleet("init", ".")).out).not.toMatch(/^(wrote|completed|changed)/m);
    expect((await sandbox.fleet("validate")).err).toBe("");
  });
});

describe("the dependency on Muster's package", () => {
  function installedFrom(resolved: string): string {
    const modules = join(sandbox.dir, "node_modules");
    mkdirSync(join(modules, "muster-fleet"), { recursive: true });
    const packages = { "node_modules/muster-fleet": { version: "1.2.3", resolved } };
    writeFileSync(join(modules, ".package-lock.json"), JSON.stringify({ packages }));
    return dependencyOn(join(sandbox.dir, "fleet"), join(modules, "muster-fleet"));
  }

  test("is the tarball if the package was installed from a tarball", () => {
    expect(installedFrom("file:../muster-fleet-1.2.3.tgz")).toBe("file:../../muster-fleet-1.2.3.tgz");
  });

  test("is the version if the package came from a registry", () => {
    expect(installedFrom("https://registry.example/muster-fleet-1.2.3.tgz")).toBe("^1.2.3");
  });

  test("is the commit if the package came from git", () => {
    const url = "git+https://git.example/muster.git#0123456789abcdef0123456789abcdef01234567";
    expect(installedFrom(url)).toBe(url);
  });

  test("is the checkout if the package was never installed", () => {
    expect(dependencyOn("/home/me/fleet", "/home/me/muster")).toBe("file:../muster");
  });
});
