import { type CredentialHolder, type Held, heldCredentials } from "./find-credential-holders.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * Requires a reason for a secret that several agents or services share, because all of them stop working when
 * the secret expires.
 */
export const sharedSecret: Lint = (fleet) => {
  const groups = Map.groupBy(heldCredentials(fleet), ({ credential }) => credential.from);
  return [...groups.values()].flatMap(remarksOnGroup);
};

function remarksOnGroup(group: readonly Held[]): Remark[] {
  const holders = [...new Set(group.flatMap((held) => held.readableBy))];
  if (holders.length < 2) return [];
  return (
    group
      // No reason allows a login file for several agents, which another lint refuses.
      .filter(({ credential }) => credential.sharedBecause === undefined && credential.file === undefined)
      .map((held) => ({
        keys: ["credentials", held.credential.name],
        sentence: `${sharing(group, held)} ${listOf(holders)}: give each its own secret, or give a reason in \`sharedBecause\``,
      }))
  );
}

function sharing(group: readonly Held[], held: Held): string {
  const others = group.filter((other) => other !== held).map((other) => `"${other.credential.name}"`);
  return others.length === 0 ? "is used by" : `is the same secret as ${others.join(", ")}, used by`;
}

function listOf(holders: readonly CredentialHolder[]): string {
  const agents = holders.filter(({ unit }) => unit === undefined);
  const services = holders.filter(({ unit }) => unit !== undefined);
  const names = (some: readonly CredentialHolder[]) => some.map(({ name }) => name).join(", ");
  return [
    ...(agents.length > 0 ? [`agents ${names(agents)}`] : []),
    ...(services.length > 0 ? [`services ${names(services)}`] : []),
  ].join(" and ");
}
