import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { localHosts } from "../../../src/host-kinds/local/nspawn/index.ts";
import { hostPaths } from "../../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../../src/host-kinds/local/nspawn/local-host-state.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The output and exit code of a command. */
export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly all: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** In milliseconds. */
  readonly timeout?: number;
}

/** A user's project in a temporary folder. Tests use it only through commands. */
export interface Project {
  readonly dir: string;
  write(path: string, text: string, mode?: number): void;
  read(path: string): string;
  fleet(args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  pulumi(args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /**
   * Runs a script on a host as root over plain ssh.
   *
   * @returns the script's standard output
   */
  onHost(host: string, script: string): Promise<string>;
  /** Returns the arguments with which `onHost` calls ssh, without the command. */
  sshArguments(host: string): string[];
  /** Replaces the installed Muster by the package in the folder `root`. */
  install(root: string): void;
  /** Removes the project's local hosts and its folder. This also works after a failed test. */
  dispose(): Promise<void>;
}

/**
 * Creates a project with a stack `test` and the given secrets.
 *
 * @param files by path, including fleet.yaml
 * @param secrets values by the NAME in `config:NAME`
 * @param env environment variables for every command
 * @param root folder of the Muster package that is installed in the project
 */
export async function makeProject(
  files: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
  root = ROOT,
): Promise<Project> {
  const dir = mkdtempSync(join(tmpdir(), "muster-test-"));
  mkdirSync(join(dir, "node_modules"));
  const installed = join(dir, "node_modules", "muster-fleet");
  const install = (root: string): void => {
    rmSync(installed, { force: true });
    symlinkSync(root, installed);
  };
  install(root);
  const write = (path: string, text: string, mode?: number): void => {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (mode !== undefined) chmodSync(file, mode);
  };
  const run = (program: string, args: readonly string[], options: RunOptions = {}): Promise<CommandResult> =>
    runBare(join(installed, "bin", program), args, dir, { ...options, env: { ...env, ...options.env } });
  const sshArguments = (host: string): string[] => bareSsh(dir, host);
  const project: Project = {
    dir,
    write,
    read: (path) => readFileSync(join(dir, path), "utf8"),
    fleet: (args, options) => run("fleet", args, options),
    pulumi: (args, options) => run("pulumi", args, options),
    sshArguments,
    install,
    onHost: async (host, script) => (await execa("ssh", [...sshArguments(host), script])).stdout,
    dispose: async () => {
      await removeHosts(dir);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await prepare(project, files, secrets);
  return project;
}

/**
 * Removes the hosts without the engine, because the engine would first remove everything on the hosts. This function
 * also removes hosts that a killed run has not created completely.
 */
async function removeHosts(dir: string): Promise<void> {
  const prefix = hostPaths(localDir(), realpathSync(dir), "x").id.slice(0, -1);
  const ids = globSync(`${prefix}*`, { cwd: join(localDir(), "hosts") });
  const hosts = localHosts(dir);
  await Promise.all(ids.map((id) => hosts.remove(id.slice(prefix.length))));
}

async function prepare(
  project: Project,
  files: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  project.write("Pulumi.yaml", pulumiYaml());
  for (const [path, text] of Object.entries(files)) project.write(path, text);
  project.write("stacks/test.passphrase", "a passphrase for tests\n", 0o600);
  await must(project.pulumi(["stack", "init", "test"]));
  const values = Object.entries(secrets).flatMap(([name, value]) => ["--secret", `muster:${name}=${value}`]);
  if (values.length > 0) await must(project.pulumi(["config", "set-all", ...values]));
}

/** Returns the checkout's own project file, with the paths of a user's project. */
function pulumiYaml(): string {
  const own = readFileSync(join(ROOT, "Pulumi.yaml"), "utf8");
  return own
    .replace("main: dist/", "main: node_modules/muster-fleet/dist/")
    .replace("path: ./plugin", "path: ./node_modules/muster-fleet/plugin");
}

/** Runs a program with only PATH and HOME from this process, because Muster must work without other variables. */
async function runBare(
  program: string,
  args: readonly string[],
  cwd: string,
  options: RunOptions,
): Promise<CommandResult> {
  const { exitCode, stdout, stderr, all } = await execa(program, args, {
    cwd,
    all: true,
    reject: false,
    extendEnv: false,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      MUSTER_OFFLINE: "1",
      PULUMI_OPTION_COLOR: "never",
      ...options.env,
    },
    input: options.input ?? "",
    timeout: options.timeout ?? 300_000,
  });
  return { exitCode, stdout, stderr, all };
}

function bareSsh(dir: string, host: string): string[] {
  const inventory = parse(readFileSync(join(dir, "stacks", "inventory.local.yaml"), "utf8")) as {
    hosts: Record<string, { address: string; hostKeys: string[] }>;
  };
  const entry = inventory.hosts[host];
  if (entry === undefined) throw new Error(`${host} is not in the inventory`);
  const known = join(dir, `.known-${host}`);
  writeFileSync(known, entry.hostKeys.map((key) => `${entry.address} ${key}\n`).join(""));
  return [
    ...["-i", join(dir, ".muster", "ssh", "id_ed25519"), "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"],
    ...["-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"],
    `root@${entry.address}`,
  ];
}

/** Throws an error with the command's output if the exit code is not the expected one. */
export async function must(command: Promise<CommandResult>, exitCode = 0): Promise<CommandResult> {
  const result = await command;
  if (result.exitCode !== exitCode) {
    throw new Error(`expected exit code ${exitCode}, got ${result.exitCode}:\n${result.all}`);
  }
  return result;
}
