import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, must } from "./support/project.ts";

const ROOT = join(import.meta.dirname, "..", "..");

let folder: string;
let own: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-tarball-"));
  own = join(folder, "own");
  mkdirSync(own);
  await execa("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
  await install("muster-fleet-0.1.0.tgz");
});

afterAll(async () => {
  await npx(["pulumi", "destroy", "--yes", "--skip-preview"]);
  rmSync(folder, { recursive: true, force: true });
});

describe("a project that was installed from the tarball in an empty folder", () => {
  test("can be set up with the commands that `fleet init` prints", async () => {
    const init = await must(npx(["fleet", "init"]));
    expect(init.stdout).toContain("npx pulumi stack init dev");
    await must(npx(["fleet", "validate"]));
    await must(npx(["pulumi", "stack", "init", "dev"]));
    await must(npx(["pulumi", "config", "set", "--secret", "muster:scout-key"], "sk-scout-0123456789"));
    await must(npx(["pulumi", "up", "--yes", "--skip-preview"]));
    await must(npx(["fleet", "drift"]));
  });

  test("has drift if an identity file was edited over ssh, and `pulumi up` restores the file", async () => {
    await must(npx(["fleet", "ssh", "hub", "--", "sh -c 'echo edited > /home/scout/SOUL.md'"]));
    expect((await must(npx(["fleet", "drift"]), 7)).stdout).toMatch(/scout.*SOUL\.md/);
    await must(npx(["pulumi", "up", "--yes", "--skip-preview"]));
    await must(npx(["fleet", "drift"]));
  });

  test("can switch to its own program, which imports the package, without restarting an agent", async () => {
    const before = await pid();
    const project = readFileSync(join(own, "Pulumi.yaml"), "utf8");
    writeFileSync(join(own, "Pulumi.yaml"), project.replace(/^main: .*$/m, "main: program.mjs"));
    writeFileSync(join(own, "program.mjs"), 'import { Fleet } from "muster-fleet";\nnew Fleet("fleet");\n');
    const up = await must(npx(["pulumi", "up", "--yes", "--skip-preview"]));
    expect(up.stdout).toMatch(/\+ +muster:index:Fleet +fleet +creating/);
    expect(up.stdout).toMatch(/\+ 1 created\s+5 unchanged\n/);
    expect((await must(npx(["fleet", "drift"]))).stdout).toContain("no drift");
    expect(await pid()).toBe(before);
  });

  test("can upgrade its hosts from a newer tarball without restarting an agent", async () => {
    const before = await pid();
    await install(await newerTarball());
    const drift = await must(npx(["fleet", "drift"]));
    expect(drift.stdout).toContain("runtime");
    await must(npx(["pulumi", "up", "--yes", "--skip-preview"]));
    expect((await must(npx(["fleet", "drift"]))).stdout).toContain("no drift");
    expect(await pid()).toBe(before);
  });
});

async function pid(): Promise<number> {
  const { agents } = JSON.parse((await must(npx(["fleet", "ps", "--json"]))).stdout) as {
    agents: { pid: number }[];
  };
  return agents[0]?.pid ?? 0;
}

/** Packs the package again, with another version and a different host runtime. */
async function newerTarball(): Promise<string> {
  await execa("tar", ["-xzf", join(folder, "muster-fleet-0.1.0.tgz"), "-C", folder]);
  const dir = join(folder, "package");
  appendFileSync(join(dir, "dist", "host.mjs"), "// newer\n");
  const manifest = readFileSync(join(dir, "package.json"), "utf8");
  writeFileSync(join(dir, "package.json"), manifest.replace('"version": "0.1.0"', '"version": "0.1.1"'));
  await execa("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: dir });
  return "muster-fleet-0.1.1.tgz";
}

async function install(tarball: string): Promise<void> {
  await must(run("npm", ["install", "--silent", "--no-audit", "--no-fund", `../${tarball}`]));
}

function npx(args: readonly string[], input = ""): Promise<CommandResult> {
  return run("npx", ["--no-install", ...args], input);
}

/** Runs a program with a minimal environment: PATH, HOME and MUSTER_OFFLINE. */
async function run(program: string, args: readonly string[], input = ""): Promise<CommandResult> {
  const { exitCode, stdout, stderr, all } = await execa(program, args, {
    cwd: own,
    all: true,
    reject: false,
    extendEnv: false,
    env: { PATH: systemPath(), HOME: process.env["HOME"] ?? "", MUSTER_OFFLINE: "1" },
    input,
  });
  return { exitCode, stdout, stderr, all };
}

/** Returns PATH without the checkout's own folders, because the tarball must include its own Node. */
function systemPath(): string {
  return (process.env["PATH"] ?? "")
    .split(":")
    .filter((dir) => !dir.includes("node_modules"))
    .join(":");
}
