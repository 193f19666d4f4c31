import { visible } from "../../base/terminal-text.ts";
import { sinceWhen } from "../../inventory/last-seen.ts";
import type { HostReport } from "../observe/fleet-report.ts";

/** What there is to say of a host that gave no answer: one sentence a host. */
export function silentHosts(hosts: readonly HostReport[]): string[] {
  return hosts.filter((host) => host.state !== "ok").map((host) => visible(sentence(host)));
}

function sentence(report: HostReport): string {
  const { host, state, reason = "it gave no reason." } = report;
  if (state === "empty") return `${host} has nothing of this fleet yet: \`npx pulumi up\` brings it up.`;
  if (state === "failed") return `${host} failed: ${reason}`;
  const since = sinceWhen(report.lastReached === undefined ? undefined : new Date(report.lastReached));
  const note = report.intermittent ? "Note: " : "";
  return `${note}${host} is away, ${since}: ${reason}${report.intermittent ? INTERMITTENT : ""}`;
}

const INTERMITTENT = " It is declared intermittent, so that is no failure.";
