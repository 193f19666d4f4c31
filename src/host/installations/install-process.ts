import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { MusterError } from "../../base/errors.ts";
import type { WireError } from "../../model/part-failure.ts";
import type { InstallAnswer, InstallRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { install } from "./install.ts";

type Outcome = { readonly answer: InstallAnswer } | { readonly error: WireError };

/**
 * Installs a version in a separate process. A session must not read or write files in other threads, because all
 * threads of the session get the rights of agents' users while the session observes these users' homes.
 */
export async function installInProcess(host: Host, request: InstallRequest): Promise<InstallAnswer> {
  const child = spawn(process.execPath, [...process.execArgv, host.program, "install"], {
    env: { ...ENVIRONMENT, HOME: "/root" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(request));
  const [said, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const outcome = parse(said);
  if (outcome !== undefined && "answer" in outcome) return outcome.answer;
  const why = errors.trim().split("\n").slice(-3).join(" ") || "the installation has ended without an answer";
  throw new MusterError(outcome?.error ?? { what: `${request.name} was not installed`, why });
}

function parse(said: string): Outcome | undefined {
  try {
    return JSON.parse(said) as Outcome;
  } catch {
    return undefined;
  }
}

/** Runs `host.mjs install`, which reads the request from stdin and writes the outcome to stdout. */
export async function runInstall(host: Host): Promise<void> {
  process.umask(0o022);
  // The PID is read first. If the session ends before the request is read, this process gets another parent.
  const session = process.ppid;
  const outcome = await outcomeOf(host, JSON.parse(await text(process.stdin)) as InstallRequest, session);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

async function outcomeOf(host: Host, request: InstallRequest, session: number): Promise<Outcome> {
  try {
    return { answer: await install(host, request, session) };
  } catch (error) {
    if (error instanceof MusterError) {
      const { what, why, next } = error;
      return { error: { what, why, ...(next !== undefined && { next }) } };
    }
    const why = error instanceof Error ? error.message : String(error);
    return { error: { what: `${request.name} was not installed`, why } };
  }
}
