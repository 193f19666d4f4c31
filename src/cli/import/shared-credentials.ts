import { createHash } from "node:crypto";
import type { ProposedAgent, ProposedCredential } from "./propose-agent.ts";

/**
 * Collects the credentials of all agents. If several agents have the same secret, `up` requires a declared reason. The
 * proposal declares that the agents shared the secret before the import.
 */
export function sharedValues(agents: readonly ProposedAgent[]) {
  const all = agents.flatMap(({ agent, values, credentials }) =>
    [...values].map(([name, value]) => ({
      name,
      agent: agent.name,
      credential: credentials[name] as ProposedCredential,
      digest: createHash("sha256").update(value).digest("hex"),
    })),
  );
  const groups = [...Map.groupBy(all, ({ digest }) => digest).values()];
  const shared = groups.filter((group) => new Set(group.map(({ agent }) => agent)).size > 1);
  const reasonOf = (name: string) => shared.some((group) => group.some((one) => one.name === name));
  return {
    credentials: Object.fromEntries(
      all.map(({ name, credential }) => [
        name,
        reasonOf(name)
          ? { ...credential, sharedBecause: "The agents had the same value before the import." }
          : credential,
      ]),
    ),
    notes: shared.map(
      (group) =>
        `${group.map(({ name }) => name).join(", ")} have the same value. If it is a secret, give each agent its own, and remove \`sharedBecause\`.`,
    ),
  };
}
