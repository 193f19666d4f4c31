import type { HostReport } from "../report.ts";
import { visible } from "./text.ts";

/** What there is to say of a host that gave no answer: one sentence a host. */
export function silentHosts(hosts: readonly HostReport[]): string[] {
  return hosts.filter((host) => host.state !== "ok").map(sentence);
}

function sentence({ host, state, reason }: HostReport): string {
  if (state === "empty") return `${host} has nothing of this fleet yet: \`npx pulumi up\` brings it up.`;
  return visible(`${host} ${state === "away" ? "is away" : "failed"}: ${reason ?? "it gave no reason."}`);
}
