import { readdirSync, readFileSync } from "node:fs";

/**
 * The processes of a run that can be killed separately. `sshd` is the run's session on the host. `runtime` is the host
 * runtime, which also runs on the host.
 */
export const VICTIMS = ["program", "language host", "provider", "engine", "ssh", "sshd", "runtime"] as const;

/** `installer` is the process on the host that installs a version of a runtime, which most runs do not have. */
export type Victim = (typeof VICTIMS)[number] | "installer";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/**
 * Returns the current processes of one kind in a run.
 *
 * @param engine process ID of the run's engine
 * @param cgroup name of the local host's cgroup; the processes in it are also visible on this machine
 */
export function pidsOf(victim: Victim, engine: number, cgroup: string): number[] {
  if (victim === "engine") return [engine];
  const all = processes();
  const inRun = withDescendants(all, engine);
  const onHost = () => all.filter(({ pid }) => read(`/proc/${pid}/cgroup`).includes(cgroup));
  const languageHosts = inRun.filter(({ command }) => command.includes("pulumi-language-nodejs"));
  const found: Record<Exclude<Victim, "engine">, () => Process[]> = {
    "language host": () => languageHosts,
    program: () => inRun.filter(({ parent }) => languageHosts.some(({ pid }) => pid === parent)),
    provider: () => inRun.filter(({ command }) => command.includes("provider.mjs")),
    ssh: () => inRun.filter(({ command }) => command.startsWith("ssh ")),
    sshd: () => onHost().filter(({ command }) => /^sshd.*@notty/.test(command)),
    installer: () => onHost().filter(({ command }) => command.includes("host.mjs install")),
    runtime: () => onHost().filter(({ command }) => command.includes("host.mjs serve")),
  };
  return found[victim]().map(({ pid }) => pid);
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .map((pid) => ({ pid, parent: parentOf(pid), command: commandOf(pid) }));
}

function withDescendants(all: readonly Process[], root: number): Process[] {
  const children = all.filter(({ parent }) => parent === root);
  return children.flatMap((child) => [child, ...withDescendants(all, child.pid)]);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
