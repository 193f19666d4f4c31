import { type Awaited, appearedSince } from "../awaited-addresses.ts";
import type { DigitalOceanAccount } from "../digitalocean/account.ts";
import { type RecordedIds, TOKENS } from "../digitalocean/recorded-ids.ts";
import type { CloudAnswer, CloudQuestion } from "../preflight-protocol.ts";

/** Returns the addresses that a killed run might have created for each host. */
export function appearedAddresses(
  awaited: Awaited,
  { reservedIps }: DigitalOceanAccount,
  ids: RecordedIds | undefined,
): Record<string, string[]> {
  const recorded = ids?.all(TOKENS.reservedIp).map(({ id }) => id) ?? [];
  const waiting = Object.entries(awaited).filter(
    ([host]) => ids?.find(TOKENS.reservedIp, [host]) === undefined,
  );
  return Object.fromEntries(waiting.map(([host, one]) => [host, appearedSince(one, reservedIps, recorded)]));
}

/**
 * Returns records for the addresses that this run will create, and for the addresses of earlier runs that the state
 * does not record yet.
 */
export function nextAwaited(
  { droplets }: CloudQuestion,
  answer: CloudAnswer,
  { reservedIps }: DigitalOceanAccount,
  earlier: { readonly before: Awaited; readonly appeared: Readonly<Record<string, readonly string[]>> },
): Awaited {
  const before = reservedIps.map(({ ip }) => ip).sort();
  const created = droplets.filter(({ host, reservedIp }) => reservedIp && !answer.droplets[host]?.reservedIp);
  const unrecorded = Object.entries(earlier.before).filter(([host]) => earlier.appeared[host]?.length);
  return Object.fromEntries([
    ...created.map(({ host, region }) => {
      return [host, { region: answer.droplets[host]?.region ?? region, before }] as const;
    }),
    ...unrecorded,
  ]);
}

export function addressSentences(
  appeared: Readonly<Record<string, readonly string[]>>,
  { droplets }: CloudAnswer,
): string[] {
  return Object.entries(appeared).flatMap(([host, ips]) => {
    if (ips.length === 0) return [];
    const taken = droplets[host]?.reservedIp;
    if (taken !== undefined && ips.includes(taken)) {
      return [
        `${host}: the reserved IP ${taken} appeared when an earlier run did not end, so it is adopted.`,
      ];
    }
    return [
      `${host}: the reserved IPs ${ips.join(", ")} appeared when an earlier run did not end, and one of them might be from ` +
        "that run. It costs money until you delete it at cloud.digitalocean.com.",
    ];
  });
}
