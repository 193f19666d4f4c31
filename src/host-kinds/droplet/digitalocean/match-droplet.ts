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

/** What is known of a host's droplet from the run that met it last. */
export interface Met {
  readonly machine: string;
  readonly replace?: string;
}

/**
 * Finds what is there of what is declared. A droplet is known again by the number that the inventory has of it and by
 * its tags, which it has from the moment that it exists: a run that was killed before it wrote anything down has
 * left a droplet that the next one finds.
 *
 * @param met by host
 * @throws InvalidError where two droplets say that they are the same host
 */
export function adopt(
  question: CloudQuestion,
  account: DigitalOceanAccount,
  met: ReadonlyMap<string, Met>,
): CloudAnswer {
  const { owner } = question;
  const answers = question.droplets.map((droplet) => {
    const found = dropletFor(owner, droplet, account, met.get(droplet.host));
    const at = account.reservedIps.find((one) => one.droplet && `${one.droplet.id}` === found.id);
    const reserved = droplet.reservedIp && at && { reservedIp: at.ip };
    return [droplet.host, { ...found, ...reserved, ...asItIs(owner, droplet, account, found) }] as const;
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
  met: Met | undefined,
): DropletAnswer {
  const names = [host, ...formerly];
  const ours = account.droplets.filter(({ tags }) =>
    names.some((name) => tags.includes(tagsOf(owner, name)[1] ?? "")),
  );
  // What was there before Muster counts until something is known of what came after it.
  const before: Met | undefined =
    ours.length === 0 && declared.adopt ? { machine: declared.adopt } : undefined;
  const known = met ?? before;
  const replace = isHeld && known !== undefined ? known.replace : declared.replace;
  const made = ours.filter(({ tags }) => names.some((name) => isMadeBy(tags, owner, name, replace)));
  // What was asked for is there already, if only a killed run knew of it.
  const isAsked = replace !== undefined && replace !== known?.replace;
  if (isAsked && made.length > 0) return { id: theOne(host, made, known), isReplaced: false, replace };
  if (isAsked && known !== undefined) return { isReplaced: account.byNumber.has(known.machine), replace };
  const kept = replace ?? known?.replace;
  const rest = kept === undefined ? {} : { replace: kept };
  // The number counts also where its droplet is gone: to make another is for a person to ask for.
  if (known !== undefined && !ours.some(({ id }) => `${id}` === known.machine)) {
    return { id: known.machine, isReplaced: false, ...rest };
  }
  if (ours.length === 0) return { isReplaced: false, ...rest };
  return { id: theOne(host, ours, known), isReplaced: false, ...rest };
}

/**
 * What of a droplet is otherwise than one that was made as it is declared.
 *
 * @throws InvalidError where it was there before and another stack has it
 */
function asItIs(
  owner: string,
  { host, size, adopt: number }: DropletQuestion,
  { byNumber, droplets }: DigitalOceanAccount,
  { id }: DropletAnswer,
): Pick<DropletAnswer, "isAdopted" | "isResized"> {
  const there = byNumber.get(`${id}`) ?? droplets.find((one) => `${one.id}` === id);
  const isAdopted = id !== undefined && id === number;
  const [tag] = isAdopted ? foreignTags(owner, there?.tags ?? []) : [];
  if (tag !== undefined) throw anothers(host, id ?? "", tag);
  return {
    ...(isAdopted && { isAdopted }),
    ...(there !== undefined && there.size_slug !== size && { isResized: true }),
  };
}

/** Two stacks would each mend what the other does. */
export function anothers(host: string, id: string, tag: string): InvalidError {
  return new InvalidError({
    where: host,
    what: `droplet ${id} is not taken up`,
    why: `a stack of Muster has it already, as its tag ${tag} says.`,
    next: "Let that stack go of it first (docs/digitalocean.md, Leaving), and take its tags off.",
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

function theOne(host: string, droplets: readonly Droplet[], known: Met | undefined): string {
  const numbers = droplets.map(({ id }) => `${id}`);
  const [first = "", ...others] = numbers;
  if (known !== undefined && numbers.includes(known.machine)) return known.machine;
  if (others.length === 0) return first;
  throw new InvalidError({
    where: host,
    what: `${numbers.length} droplets say that they are this host`,
    why: `${numbers.join(" and ")} have its tag, and nothing tells which one it is.`,
    next: "Take the tag from all but one of them, or delete those, at cloud.digitalocean.com.",
  });
}

/** A key may be in an account once, under any name. */
function keyIn({ keys }: DigitalOceanAccount, name: string, key: string, owner: string) {
  const found = keys.find(({ public_key }) => public_key.split(" ").slice(0, 2).join(" ") === key);
  if (found === undefined) return [];
  return [[name, { id: `${found.id}`, isOurs: found.name === cloudName(owner, name) }] as const];
}
