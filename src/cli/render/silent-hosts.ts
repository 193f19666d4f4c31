import { visible } from "../../base/terminal-text.ts";
import { lastReachedText } from "../../inventory/last-seen.ts";
import type { HostReport } from "../observe/fleet-report.ts";

/** Returns one sentence for each host that did not answer. */
export function silentHosts(hosts: readonly HostReport[]): string[] {
  return hosts.filter((host) => host.state !== "ok").map((host) => visible(sentence(host)));
}

function sentence(report: HostReport): string {
  const { host, state, reason = "it gave no reason." } = report;
  if (state === "empty") return `${host} has nothing from this fleet yet: \`npx pulumi up\` sets it up.`;
  if (state === "failed") return `${host} failed: ${reason}`;
  const since = lastReachedText(report.lastReached === undefined ? undefined : new Date(report.lastReached));
  const note = report.intermittent ? "Note: " : "";
  return `${note}${host} is unreachable, ${since}: ${reason}${report.intermittent ? INTERMITTENT : ""}`;
}

const INTERMITTENT = " It is declared intermittent, so this is not a failure.";
