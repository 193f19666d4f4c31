import { InvalidError } from "../../../base/errors.ts";
import { FIXED, keptSettings } from "../fixed-properties.ts";
import {
  type CloudAnswer,
  type CloudQuestion,
  cloudName,
  type DropletAnswer,
  type DropletQuestion,
  foreignTags,
  hasTag,
  projectDescription,
  type Shared,
  tagsOf,
  type VolumeAnswer,
} from "../preflight-protocol.ts";
import type { DigitalOceanAccount, Droplet, ReservedIp, Volume } from "./account.ts";
import { type RecordedIds, TOKENS } from "./recorded-ids.ts";

/** The data about a host's droplet in the inventory. */
export interface KnownDroplet {
  readonly machine: string;
  readonly replace?: string;
}

/** The data about a stack's resources that does not come from the account. */
export interface KnownResources {
  /** The IDs in the state; undefined if they are not known. */
  readonly ids?: RecordedIds | undefined;
  /** The addresses that a killed run has created, by host. */
  readonly awaited?: Readonly<Record<string, string>>;
}

/**
 * Finds the declared resources that already exist. A droplet is recognized by its ID in the inventory or by its tags,
 * and every other resource by its ID in the state or by its name. Each resource gets its tags and name when it is
 * created. Therefore, a run also finds a resource that a killed run created but did not record.
 *
 * @param recorded the droplets in the inventory, by host
 * @throws InvalidError if several droplets have the tag of the same host, or if another stack manages a
 *   droplet that should be adopted
 */
export function adopt(
  question: CloudQuestion,
  account: DigitalOceanAccount,
  recorded: ReadonlyMap<string, KnownDroplet>,
  known: KnownResources = {},
): CloudAnswer {
  const { owner } = question;
  const answers = question.droplets.map((droplet) => {
    const found = dropletFor(owner, droplet, account, recorded.get(droplet.host));
    const answer = {
      ...found,
      ...addressOf(droplet, account, found, known),
      ...deviationsOf(owner, droplet, account, found),
    };
    return [droplet.host, answer] as const;
  });
  const droplets = Object.fromEntries(answers);
  const existing = question.droplets.map((droplet) =>
    volumesOf(owner, droplet, account, droplets[droplet.host]?.region ?? droplet.region, known.ids),
  );
  const project = projectIn(account, question, known.ids);
  return {
    droplets,
    keys: Object.fromEntries(
      Object.entries(question.keys).flatMap(([name, key]) => keyIn(account, name, key, owner, known.ids)),
    ),
    named: firewallsIn(question, account, known.ids),
    volumes: Object.assign({}, ...existing),
    ...(project && { project }),
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
    names.some((name) => hasTag(tags, tagsOf(owner, name)[1] ?? "")),
  );
  // Until Muster has created a droplet for this host, the droplet in `adopt` counts as the recorded droplet.
  const before: KnownDroplet | undefined =
    ours.length === 0 && declared.adopt ? { machine: declared.adopt } : undefined;
  const known = recorded ?? before;
  // A request for a new droplet waits while a protected agent holds the old droplet, or while it is not known whether
  // the old droplet still exists.
  const waits = known !== undefined && (isHeld || account.unread.has(known.machine));
  const replace = waits ? known.replace : declared.replace;
  const made = ours.filter(({ tags }) => names.some((name) => isMadeBy(tags, owner, name, replace)));
  // It is possible that a killed run created the requested droplet without recording it.
  const isAsked = replace !== undefined && replace !== known?.replace;
  if (isAsked && made.length > 0) return { id: singleId(host, made, known), isReplaced: false, replace };
  if (isAsked && known !== undefined) return { isReplaced: account.byNumber.has(known.machine), replace };
  const kept = replace ?? known?.replace;
  const rest = kept === undefined ? {} : { replace: kept };
  // The recorded ID is kept even if the droplet no longer exists, because only the user can request a new droplet.
  if (known !== undefined && !ours.some(({ id }) => `${id}` === known.machine)) {
    return { id: known.machine, isReplaced: false, ...rest };
  }
  if (ours.length === 0) return { isReplaced: false, ...rest };
  return { id: singleId(host, ours, known), isReplaced: false, ...rest };
}

/**
 * Returns how the found droplet differs from its declaration.
 *
 * @throws InvalidError if another stack manages the droplet that should be adopted
 */
function deviationsOf(
  owner: string,
  droplet: DropletQuestion,
  { byNumber, droplets }: DigitalOceanAccount,
  { id }: DropletAnswer,
): Pick<DropletAnswer, "isAdopted" | "isResized" | "kept" | "region"> {
  const existing = byNumber.get(`${id}`) ?? droplets.find((one) => `${one.id}` === id);
  const isAdopted = id !== undefined && id === droplet.adopt;
  const [tag] = isAdopted ? foreignTags(owner, existing?.tags ?? []) : [];
  if (tag !== undefined) throw managedElsewhere(droplet.host, id ?? "", tag);
  const kept = existing ? keptSettings(FIXED.droplet, droplet, existing).map(({ property }) => property) : [];
  const region = existing?.region?.slug;
  return {
    ...(isAdopted && { isAdopted }),
    ...(existing !== undefined && existing.size_slug !== droplet.size && { isResized: true }),
    ...(kept.length > 0 && { kept }),
    ...(region !== undefined && region !== droplet.region && { region }),
  };
}

/** Finds the reserved IP of a host. @returns an empty object if the address does not exist or is not declared */
function addressOf(
  { host, formerly, reservedIp }: DropletQuestion,
  { reservedIps }: DigitalOceanAccount,
  { id }: DropletAnswer,
  { ids, awaited = {} }: KnownResources,
): Pick<DropletAnswer, "reservedIp" | "isAssigned" | "keepsReservedIp"> {
  const names = [host, ...formerly];
  const inState = ids?.find(TOKENS.reservedIp, names);
  const isKept = !reservedIp && inState?.isProtected === true;
  if (!reservedIp && !isKept) return {};
  const isHere = (one: ReservedIp) => one.droplet !== null && `${one.droplet.id}` === id;
  const found =
    reservedIps.find(({ ip }) => ip === inState?.id) ??
    reservedIps.find(isHere) ??
    reservedIps.find(({ ip }) => ip === awaited[host]);
  if (found === undefined) return {};
  const isNew = ids !== undefined && ids.find(TOKENS.assignment, names) === undefined;
  return {
    reservedIp: found.ip,
    ...(isNew && isHere(found) && { isAssigned: true }),
    ...(isKept && { keepsReservedIp: true }),
  };
}

/** Finds the volumes of a host, including volumes that are no longer declared but that the state protects. */
function volumesOf(
  owner: string,
  { host, formerly, volumes }: DropletQuestion,
  account: DigitalOceanAccount,
  region: string,
  ids: RecordedIds | undefined,
): Record<string, VolumeAnswer> {
  const names = [host, ...formerly];
  const recordedOf = (volume: string) =>
    ids?.find(
      TOKENS.volume,
      names.map((name) => `${name}/${volume}`),
    );
  const isNamed = ({ name, region: at }: Volume, volume: string) =>
    name === cloudName(owner, host, volume) && (at?.slug ?? region) === region;
  const declared = Object.entries(volumes).flatMap(([volume, question]) => {
    const existing =
      account.volumes.find(({ id }) => id === recordedOf(volume)?.id) ??
      account.volumes.find((one) => isNamed(one, volume));
    if (existing === undefined) return [];
    const kept = keptSettings(FIXED.volume, question, existing).map(({ property }) => property);
    return [[`${host}/${volume}`, { ...question, id: existing.id, kept, isUndeclared: false }] as const];
  });
  const leaving = (ids?.all(TOKENS.volume) ?? []).flatMap((one) => {
    const prefix = names.find((name) => one.name.startsWith(`${name}/`));
    const volume = one.name.slice((prefix ?? "").length + 1);
    const existing = account.volumes.find(({ id }) => id === one.id);
    if (prefix === undefined || existing === undefined || !one.isProtected || volume in volumes) return [];
    const { size_gigabytes: size, filesystem_type } = existing;
    const filesystem = filesystem_type || "ext4";
    return [[`${host}/${volume}`, { id: one.id, size, filesystem, kept: [], isUndeclared: true }] as const];
  });
  return Object.fromEntries([...declared, ...leaving]);
}

/** Returns the IDs of the stack's firewalls by their original names, even if somebody has renamed a firewall. */
function firewallsIn(
  { owner, droplets }: CloudQuestion,
  { firewalls }: DigitalOceanAccount,
  ids: RecordedIds | undefined,
): Record<string, string> {
  const named = firewalls.map(({ name, id }) => [name, id] as const);
  const recorded = droplets.flatMap(({ host, formerly }) => {
    const id = ids?.find(TOKENS.firewall, [host, ...formerly])?.id;
    const exists = firewalls.some((one) => one.id === id);
    return id !== undefined && exists ? [[cloudName(owner, host), id] as const] : [];
  });
  return Object.fromEntries([...named.filter(([name]) => name.startsWith("muster-")), ...recorded]);
}

function projectIn(
  { projects }: DigitalOceanAccount,
  { owner, project: name }: CloudQuestion,
  ids: RecordedIds | undefined,
): Shared | undefined {
  if (name === undefined) return undefined;
  const recorded = ids?.find(TOKENS.project, [name]);
  const own = projects.find(({ id }) => id === recorded?.id);
  if (own !== undefined) return { id: own.id, isOurs: true };
  const found = projects.find((one) => one.name === name);
  return found && { id: found.id, isOurs: found.description === projectDescription(owner) };
}

/**
 * Returns the error for a droplet that another stack manages. If two stacks managed the same droplet, each stack would
 * revert the changes of the other stack.
 */
export function managedElsewhere(host: string, id: string, tag: string): InvalidError {
  return new InvalidError({
    where: host,
    what: `droplet ${id} cannot be adopted`,
    why: `another Muster stack manages it: it has the tag ${tag}.`,
    next: "Release it from that stack first (docs/digitalocean.md, Removing droplets), and remove the tags of that stack from the droplet.",
  });
}

function isMadeBy(
  tags: readonly string[],
  owner: string,
  host: string,
  replace: string | undefined,
): boolean {
  const tag = tagsOf(owner, host, replace)[2];
  return tag !== undefined && hasTag(tags, tag);
}

function singleId(host: string, droplets: readonly Droplet[], known: KnownDroplet | undefined): string {
  const numbers = droplets.map(({ id }) => `${id}`);
  const [first = "", ...others] = numbers;
  if (known !== undefined && numbers.includes(known.machine)) return known.machine;
  if (others.length === 0) return first;
  throw new InvalidError({
    where: host,
    what: "its droplet is ambiguous",
    why: `droplets ${numbers.join(" and ")} have the tag of this host.`,
    next: "Remove the tag from all but one of them, or delete the others, at cloud.digitalocean.com.",
  });
}

/**
 * Finds a public key in the account. Compares the content of keys, because an account can contain each key only once.
 */
function keyIn(
  { keys }: DigitalOceanAccount,
  name: string,
  key: string,
  owner: string,
  ids: RecordedIds | undefined,
) {
  const found = keys.find(({ public_key }) => public_key.split(" ").slice(0, 2).join(" ") === key);
  if (found === undefined) return [];
  const recorded = ids?.find(TOKENS.key, [name]);
  const isOurs =
    recorded === undefined ? found.name === cloudName(owner, name) : recorded.id === `${found.id}`;
  return [[name, { id: `${found.id}`, isOurs }] as const];
}
