import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import type { Project } from "./project.ts";

/** What is killed while a message is sent: `fleet`, its ssh process, or the session on the host. */
export const VICTIMS = ["client", "connection", "session"] as const;

export type Victim = (typeof VICTIMS)[number];

/** A `fleet send` that is killed some milliseconds after its start. */
export interface KilledSend {
  readonly host: string;
  readonly agent: string;
  /** The arguments of `fleet`. The text comes from standard input. */
  readonly words: readonly string[];
  readonly text: string;
  readonly victim: Victim;
  readonly after: number;
}

/** Starts `fleet` without a terminal. */
export function startFleet(project: Project, words: readonly string[], input?: string) {
  const bin = join(project.dir, "node_modules/muster-fleet/bin/fleet");
  const env = { MUSTER_OFFLINE: "1" };
  return execa(bin, words, { cwd: project.dir, reject: false, env, ...(input !== undefined && { input }) });
}

/**
 * Sends a message, and kills a part of this during the work.
 *
 * @returns the verdict on the message; empty if there is none
 */
export async function killedSend(project: Project, { victim, after, ...send }: KilledSend): Promise<string> {
  const client = startFleet(project, send.words, send.text);
  await Promise.race([client, setTimeout(after)]);
  if (victim === "client") client.kill("SIGKILL");
  // The client runs ssh in a process group of its own, so ssh is found as a child of the client.
  else if (victim === "connection")
    await execa("pkill", ["-KILL", "-P", `${client.pid}`, "ssh"], { reject: false });
  else await project.onHost(send.host, killSession(send.agent));
  const { stdout } = await client;
  return stdout.includes("verdict") ? (JSON.parse(stdout) as { verdict: string }).verdict : "";
}

function killSession(agent: string): string {
  const units = `systemctl list-units --plain --no-legend "muster-watch-${agent}-*"`;
  return `pid=$(${units} | sed "s/.*${agent}-\\([0-9]*\\)-.*/\\1/"); [ -z "$pid" ] || kill -9 $pid || true`;
}

/** Repeats a message until the agent has certainly accepted it. @returns all verdicts */
export async function untilAccepted(
  project: Project,
  words: readonly string[],
  input: string,
): Promise<string[]> {
  const verdicts: string[] = [];
  for (let i = 0; i < 10; i++) {
    const { stdout, exitCode } = await project.fleet(words, { input });
    verdicts.push((JSON.parse(stdout) as { verdict: string }).verdict);
    if (exitCode === 0) return verdicts;
  }
  return [...verdicts, "never accepted"];
}
