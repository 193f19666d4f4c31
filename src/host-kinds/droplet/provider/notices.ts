import type { Severity } from "../../../provider/handlers/handler.ts";
import { listed } from "../../../provider/notices/join-words.ts";
import type { DigitalOceanAccount, Droplet, Volume } from "../digitalocean/account.ts";
import { type Cost, costsOf } from "../digitalocean/costs.ts";
import type { KnownDroplet } from "../digitalocean/match-droplet.ts";
import { FIXED, type KeptSetting, keptSettings } from "../fixed-properties.ts";
import type { CloudAnswer, CloudQuestion, DropletAnswer, DropletQuestion } from "../preflight-protocol.ts";

/** One sentence for the user, with its severity. */
export interface Sentence {
  readonly severity: Severity;
  readonly text: string;
}

/**
 * Returns the sentences that the user should read before a run changes droplets. The sentences report data that will be
 * lost, droplets that no longer exist, settings that cannot be applied, and changes of the cost.
 *
 * @param agentsOn returns the agents in a host's records
 */
export function dropletSentences(
  question: CloudQuestion,
  answer: CloudAnswer,
  account: DigitalOceanAccount,
  recorded: ReadonlyMap<string, KnownDroplet>,
  agentsOn: (host: string) => readonly string[],
): Sentence[] {
  const named = namedVolumes(answer, account);
  const each = question.droplets.flatMap((droplet) => {
    const { host } = droplet;
    const found = answer.droplets[host];
    const id = found?.id ?? recorded.get(host)?.machine;
    const existing = account.byNumber.get(`${id}`) ?? account.droplets.find((one) => `${one.id}` === id);
    if (found?.isReplaced && existing) return [warning(replaceText(droplet, existing, agentsOn(host)))];
    if (found?.id === undefined) return [];
    const why = account.unread.get(found.id);
    if (why !== undefined) return [warning(unreadText(host, found.id, why))];
    if (existing === undefined) return [warning(goneText(host, found.id))];
    return [
      ...(droplet.isHeld && droplet.replace !== found.replace ? [warning(heldText(host, existing))] : []),
      ...(recorded.has(host) ? [] : [adoptedSentence(host, existing, found.isAdopted)]),
      ...differences(droplet, existing, named.get(host) ?? []).map(warning),
      ...protectedSentences(droplet, answer, found).map(warning),
    ];
  });
  return [...each, ...quota(question, answer, account), ...costs(question, answer, account, recorded)];
}

/** Returns the existing volumes of each host, with their names in fleet.yaml. */
function namedVolumes(
  { volumes }: CloudAnswer,
  account: DigitalOceanAccount,
): ReadonlyMap<string, readonly Volume[]> {
  const named = Object.entries(volumes).flatMap(([path, { id }]) => {
    const [host = "", name = ""] = path.split("/");
    const volume = account.volumes.find((one) => one.id === id);
    return volume ? [{ host, volume: { ...volume, name } }] : [];
  });
  return new Map(
    named.map(({ host }) => [host, named.filter((one) => one.host === host).map(({ volume }) => volume)]),
  );
}

function warning(text: string): Sentence {
  return { severity: "warning", text };
}

function replaceText({ host, replace }: DropletQuestion, { id }: Droplet, agents: readonly string[]): string {
  const also = agents.length === 0 ? "" : `: ${listed([...agents].sort())}, with home and data`;
  return (
    `${host}: \`up\` creates a new droplet and then deletes droplet ${id} with its disk, its backups and everything on ` +
    `it${also}. Reason given in fleet.yaml: ${replace}. The new droplet gets the volumes and the reserved IP.`
  );
}

function heldText(host: string, { id }: Droplet): string {
  return (
    `${host}: fleet.yaml requests a new droplet, but an agent on droplet ${id} is protected, so the droplet is kept. ` +
    "To replace it, write `protect: false` for the agent and run `npx pulumi up` again."
  );
}

function unreadText(host: string, id: string, why: string): string {
  return `${host}: it is not known whether droplet ${id} still exists, so it is kept as it is. ${why}`;
}

function goneText(host: string, id: string): string {
  return (
    `${host}: droplet ${id} is gone: somebody has deleted it at DigitalOcean, with the data of its agents. Muster does ` +
    `not replace it without a request. For a new droplet, write \`replace: \` and a reason under hosts.${host}. If you no longer ` +
    `want the host, remove it from fleet.yaml and run \`npx fleet forget ${host}\`.`
  );
}

function adoptedSentence(host: string, { id }: Droplet, isAdopted: true | undefined): Sentence {
  if (isAdopted)
    return {
      severity: "info",
      text: `${host}: droplet ${id} is adopted as it is, as declared in fleet.yaml.`,
    };
  return warning(
    `${host}: droplet ${id} has the tag of this host, so it is adopted and no new droplet is created.`,
  );
}

/**
 * Compares the settings that only a new droplet or a new volume can have.
 *
 * @returns one sentence for each resource that differs
 */
function differences(droplet: DropletQuestion, existing: Droplet, volumes: readonly Volume[]): string[] {
  const { host } = droplet;
  const request = `write \`replace: \` and a reason under hosts.${host}`;
  const ofDroplet = keptSettings(FIXED.droplet, droplet, existing);
  const ofVolumes = Object.entries(droplet.volumes).flatMap(([name, declared]) => {
    const volume = volumes.find((one) => one.name === name);
    const kept = volume ? keptSettings(FIXED.volume, declared, volume) : [];
    if (kept.length === 0) return [];
    return [
      `${host}: only a new volume can have ${settingsText(kept)}. The existing volume ${name} is kept with its data. ` +
        "Correct fleet.yaml, or declare a volume with another name and copy the data.",
    ];
  });
  if (ofDroplet.length === 0) return ofVolumes;
  return [
    `${host}: only a new droplet can have ${settingsText(ofDroplet)}. The existing droplet is kept as it is. ` +
      `Correct fleet.yaml, or request a new droplet: ${request}.`,
    ...ofVolumes,
  ];
}

function settingsText(kept: readonly KeptSetting[]): string {
  return listed(kept.map(({ key, declared, actual }) => `${key} ${declared} (now ${actual})`));
}

/** Returns sentences that name the resources that fleet.yaml no longer declares but that the state protects. */
function protectedSentences(
  { host, isProtected }: DropletQuestion,
  { volumes }: CloudAnswer,
  { keepsReservedIp, reservedIp }: DropletAnswer,
): string[] {
  const next = isProtected
    ? `To delete it, write \`protect: false\` under hosts.${host} and run \`npx pulumi up\` twice.`
    : "This run ends its protection, and the next `up` deletes it.";
  const kept = Object.entries(volumes).flatMap(([name, { isUndeclared }]) =>
    isUndeclared && name.startsWith(`${host}/`) ? [`the volume ${name.slice(host.length + 1)}`] : [],
  );
  const all = [...kept, ...(keepsReservedIp ? [`the reserved IP ${reservedIp}`] : [])];
  return all.map(
    (what) => `${host}: fleet.yaml no longer declares ${what}, but it is protected, so it is kept. ${next}`,
  );
}

function quota(
  { droplets }: CloudQuestion,
  answer: CloudAnswer,
  { limit, count }: DigitalOceanAccount,
): Sentence[] {
  const made = droplets.filter(({ host }) => answer.droplets[host]?.id === undefined).length;
  if (made === 0 || count + made <= limit) return [];
  return [
    warning(
      `The account's limit is ${limit} ${limit === 1 ? "droplet" : "droplets"} and the account has ${count}, so ${made} more cannot be created. ` +
        "Ask DigitalOcean for a higher limit, or delete a droplet that is not needed. Then run this again.",
    ),
  ];
}

function costs(
  question: CloudQuestion,
  answer: CloudAnswer,
  account: DigitalOceanAccount,
  recorded: ReadonlyMap<string, KnownDroplet>,
): Sentence[] {
  const idOf = (host: string) => {
    const id = answer.droplets[host]?.id ?? recorded.get(host)?.machine;
    return id === undefined ? undefined : Number(id);
  };
  const all = costsOf(question, account, idOf);
  const changed = all.filter(({ before, after }) => before !== after);
  if (changed.length === 0) return [];
  const unknown = all.filter(({ before, after }) => before === undefined || after === undefined);
  const sum = (key: "before" | "after") => dollars(all.reduce((total, one) => total + (one[key] ?? 0), 0));
  const but =
    unknown.length === 0
      ? ""
      : ` These sums do not include ${listed(unknown.map(({ what }) => what))}: the API lists no price for the size.`;
  return [
    {
      severity: "info",
      text: `Monthly cost: ${sum("before")} before, ${sum("after")} after (${changed.map(costText).join(", ")}).${but}`,
    },
  ];
}

function costText({ what, before, after }: Cost): string {
  return `${what} ${dollars(before)} → ${dollars(after)}`;
}

function dollars(amount: number | undefined): string {
  return amount === undefined ? "unknown" : `$${amount.toFixed(2)}`;
}
