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

describe("a project installed from the tarball in an empty folder", () => {
  test("can be set up with the commands that init prints", async () => {
    const init = await must(npx(["fleet", "init"]));
    expect(init.stdout).toContain("npx pulumi stack init dev");
    await must(npx(["fleet", "validate"]));
    await must(npx(["pulumi", "stack", "init", "dev"]));
    await must(npx(["pulumi", "config", "set", "--secret", "muster:scout-key"], "sk-scout-0123456789"));
    await must(npx(["pulumi", "up", "--yes", "--skip-preview"]));
    await must(npx(["fleet", "drift"]));
  });

  test("detects an identity file that was edited over plain ssh, and up repairs it", async () => {
    await must(npx(["fleet", "ssh", "hub", "--", "sh -c 'echo edited > /home/scout/SOUL.md'"]));
    expect((await must(npx(["fleet", "drift"]), 7)).stdout).toMatch(/scout.*SOUL\.md/);
    await must(npx(["pulumi", "up", "--yes", "--skip-preview"]));
    await must(npx(["fleet", "drift"]));
  });

  test("upgrades its hosts from a newer tarball and restarts nothing", async () => {
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

/** The same package with another version and a different host runtime. */
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

/** Runs a program with only PATH and HOME in its environment, and npm's own settings. */
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

/** PATH without the checkout's own folders, because the tarball must bring its own Node. */
function systemPath(): string {
  return (process.env["PATH"] ?? "")
    .split(":")
    .filter((dir) => !dir.includes("node_modules"))
    .join(":");
}
