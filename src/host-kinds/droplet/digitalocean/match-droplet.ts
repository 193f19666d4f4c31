import { InvalidError } from "../../../base/errors.ts";
import {
  type CloudAnswer,
  type CloudQuestion,
  cloudName,
  type DropletAnswer,
  type DropletQuestion,
  foreignTags,
  projectDescription,
  tagsOf,
} from "../preflight-protocol.ts";
import type { DigitalOceanAccount, Droplet } from "./account.ts";

/** What the inventory records about a host's droplet. */
export interface KnownDroplet {
  readonly machine: string;
  readonly replace?: string;
}

/**
 * Finds the declared resources that already exist. A droplet is recognized by its ID in the inventory or by
 * its tags. The tags are set when the droplet is created, so a run also finds a droplet that a killed run
 * created but did not record.
 *
 * @param recorded the droplets in the inventory, by host
 * @throws InvalidError if several droplets have the tag of the same host, or if another stack manages a
 *   droplet that should be adopted
 */
export function adopt(
  question: CloudQuestion,
  account: DigitalOceanAccount,
  recorded: ReadonlyMap<string, KnownDroplet>,
): CloudAnswer {
  const { owner } = question;
  const answers = question.droplets.map((droplet) => {
    const found = dropletFor(owner, droplet, account, recorded.get(droplet.host));
    const at = account.reservedIps.find((one) => one.droplet && `${one.droplet.id}` === found.id);
    const reserved = droplet.reservedIp && at && { reservedIp: at.ip };
    return [
      droplet.host,
      { ...found, ...reserved, ...deviationsOf(owner, droplet, account, found) },
    ] as const;
  });
  const named = [...account.firewalls, ...account.volumes].map(({ name, id }) => [name, id] as const);
  const project = account.projects.find(({ name }) => name === question.project);
  return {
    droplets: Object.fromEntries(answers),
    keys: Object.fromEntries(
      Object.entries(question.keys).flatMap(([name, key]) => keyIn(account, name, key, owner)),
    ),
    named: Object.fromEntries(named.filter(([name]) => name.startsWith("muster-"))),
    ...(project && {
      project: { id: project.id, isOurs: project.description === projectDescription(owner) },
    }),
  };
}

function dropletFor(
  owner: string,
  { host, formerly, isHeld, ...declared }: DropletQuestion,
  account: DigitalOceanAccount,
  recorded: KnownDroplet | undefined,
): DropletAnswer {
  const names = [host, ...formerly];
  const ours = account.droplets.filter(({ tags }) =>
    names.some((name) => tags.includes(tagsOf(owner, name)[1] ?? "")),
  );
  // The droplet in `adopt` counts as the recorded one as long as Muster has created no droplet for this host.
  const before: KnownDroplet | undefined =
    ours.length === 0 && declared.adopt ? { machine: declared.adopt } : undefined;
  const known = recorded ?? before;
  const replace = isHeld && known !== undefined ? known.replace : declared.replace;
  const made = ours.filter(({ tags }) => names.some((name) => isMadeBy(tags, owner, name, replace)));
  // A killed run may have created the requested droplet without recording it.
  const isAsked = replace !== undefined && replace !== known?.replace;
  if (isAsked && made.length > 0) return { id: singleId(host, made, known), isReplaced: false, replace };
  if (isAsked && known !== undefined) return { isReplaced: account.byNumber.has(known.machine), replace };
  const kept = replace ?? known?.replace;
  const rest = kept === undefined ? {} : { replace: kept };
  // The recorded ID is used even if the droplet is gone, because only the user may request a new droplet.
  if (known !== undefined && !ours.some(({ id }) => `${id}` === known.machine)) {
    return { id: known.machine, isReplaced: false, ...rest };
  }
  if (ours.length === 0) return { isReplaced: false, ...rest };
  return { id: singleId(host, ours, known), isReplaced: false, ...rest };
}

/**
 * Returns whether the found droplet is adopted, and whether its size differs from the declared size.
 *
 * @throws InvalidError if another stack manages the droplet that should be adopted
 */
function deviationsOf(
  owner: string,
  { host, size, adopt: number }: DropletQuestion,
  { byNumber, droplets }: DigitalOceanAccount,
  { id }: DropletAnswer,
): Pick<DropletAnswer, "isAdopted" | "isResized"> {
  const existing = byNumber.get(`${id}`) ?? droplets.find((one) => `${one.id}` === id);
  const isAdopted = id !== undefined && id === number;
  const [tag] = isAdopted ? foreignTags(owner, existing?.tags ?? []) : [];
  if (tag !== undefined) throw managedElsewhere(host, id ?? "", tag);
  return {
    ...(isAdopted && { isAdopted }),
    ...(existing !== undefined && existing.size_slug !== size && { isResized: true }),
  };
}

/**
 * Returns the error for a droplet that belongs to another stack. If two stacks managed the droplet, each
 * would revert the other's changes.
 */
export function managedElsewhere(host: string, id: string, tag: string): InvalidError {
  return new InvalidError({
    where: host,
    what: `droplet ${id} cannot be adopted`,
    why: `another Muster stack manages it: it has the tag ${tag}.`,
    next: "Release it from that stack first (docs/digitalocean.md, Removing droplets), and remove its tags.",
  });
}

function isMadeBy(
  tags: readonly string[],
  owner: string,
  host: string,
  replace: string | undefined,
): boolean {
  const tag = tagsOf(owner, host, replace)[2];
  return tag !== undefined && tags.includes(tag);
}

function singleId(host: string, droplets: readonly Droplet[], known: KnownDroplet | undefined): string {
  const numbers = droplets.map(({ id }) => `${id}`);
  const [first = "", ...others] = numbers;
  if (known !== undefined && numbers.includes(known.machine)) return known.machine;
  if (others.length === 0) return first;
  throw new InvalidError({
    where: host,
    what: "its droplet is ambiguous",
    why: `droplets ${numbers.join(" and ")} have its tag.`,
    next: "Remove the tag from all but one of them, or delete the others, at cloud.digitalocean.com.",
  });
}

/** Finds a public key in the account under any name, because an account can contain each key only once. */
function keyIn({ keys }: DigitalOceanAccount, name: string, key: string, owner: string) {
  const found = keys.find(({ public_key }) => public_key.split(" ").slice(0, 2).join(" ") === key);
  if (found === undefined) return [];
  return [[name, { id: `${found.id}`, isOurs: found.name === cloudName(owner, name) }] as const];
}
