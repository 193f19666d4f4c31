import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { localHosts } from "../../../../src/host-kinds/local/nspawn/index.ts";
import { docsBlock } from "../docs-blocks.ts";
import { AGENT_SH } from "../fleets.ts";
import type { CommandResult } from "../project.ts";

const ROOT = join(import.meta.dirname, "../../../..");

/** A project with the files of docs/own-program.md, and with the tests' own `Server`. */
export interface OwnProject {
  readonly dir: string;
  write(path: string, text: string): void;
  /** Replaces the first occurrence of each text in a file. */
  edit(path: string, ...changes: readonly (readonly [from: string, to: string])[]): void;
  /** Runs a program of Muster with only PATH and HOME from this process. */
  run(program: "fleet" | "pulumi", ...args: readonly string[]): Promise<CommandResult>;
  /** Runs the engine itself, without Muster's launcher. */
  engine(pulumi: string, ...args: readonly string[]): Promise<CommandResult>;
  dispose(): Promise<void>;
}

export async function ownProject(): Promise<OwnProject> {
  const dir = mkdtempSync(join(tmpdir(), "muster-own-"));
  const write = (path: string, text: string) => writeFileSync(join(dir, path), text);
  const exec = (file: string, args: readonly string[]) => execute(dir, file, args);
  install(dir);
  write("Pulumi.yaml", `${docsBlock("own-program.md", "Pulumi.yaml")}${TEST_SETTINGS}`);
  write("fleet.yaml", docsBlock("own-program.md", "fleet.yaml").replace("~/.ssh/id_ed25519", "key"));
  write("index.ts", docsBlock("own-program.md", "index.ts"));
  write("package.json", '{ "type": "module", "private": true }');
  write("iris.md", "# Iris\n");
  write("agent.sh", AGENT_SH);
  copyFileSync(join(import.meta.dirname, "server.ts"), join(dir, "server.ts"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
  return {
    dir,
    write,
    edit: (path, ...changes) => {
      let text = readFileSync(join(dir, path), "utf8");
      for (const [from, to] of changes) {
        if (!text.includes(from)) throw new Error(`${path} does not contain ${from}`);
        text = text.replace(from, to);
      }
      write(path, text);
    },
    run: (program, ...args) => exec(join(dir, "node_modules/muster-fleet/bin", program), args),
    engine: (pulumi, ...args) => exec(pulumi, args),
    dispose: async () => {
      const hosts = localHosts(dir);
      await Promise.all(hosts.list().map((name) => hosts.remove(name)));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The settings that the docs leave to the reader, and the plugin for dynamic providers. */
const TEST_SETTINGS = `    - name: pulumi-nodejs
      path: ${import.meta.dirname}
backend: { url: "file://./.state" }
stackConfigDir: stacks
`;

function install(dir: string): void {
  for (const folder of [".state", "stacks", "node_modules"]) mkdirSync(join(dir, folder));
  symlinkSync(ROOT, join(dir, "node_modules/muster-fleet"));
  symlinkSync(join(ROOT, "node_modules/@pulumi"), join(dir, "node_modules/@pulumi"));
}

async function execute(dir: string, file: string, args: readonly string[]): Promise<CommandResult> {
  const { exitCode, stdout, stderr, all } = await execa(file, args, {
    cwd: dir,
    all: true,
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      MUSTER_OFFLINE: "1",
      PULUMI_OPTION_COLOR: "never",
      PULUMI_OPTION_NON_INTERACTIVE: "true",
      PULUMI_CONFIG_PASSPHRASE: "a passphrase for tests",
      OWN_PROGRAM_SUPPORT: import.meta.dirname,
    },
    input: "",
    timeout: 300_000,
  });
  return { exitCode, stdout, stderr, all };
}
