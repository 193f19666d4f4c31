import type { Severity } from "../../../provider/handlers/handler.ts";
import { listed } from "../../../provider/notices/listed.ts";
import type { DigitalOceanAccount, Droplet } from "../digitalocean/account.ts";
import { type Cost, costsOf } from "../digitalocean/costs.ts";
import type { KnownDroplet } from "../digitalocean/match-droplet.ts";
import type { CloudAnswer, CloudQuestion, DropletQuestion } from "../preflight-protocol.ts";

/** One sentence for the user, with its severity. */
export interface Sentence {
  readonly severity: Severity;
  readonly text: string;
}

/**
 * Returns what the user should know before a run changes droplets: which data will be lost, which droplets
 * are gone, which settings cannot be applied, and how the cost changes.
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
  const each = question.droplets.flatMap((droplet) => {
    const { host } = droplet;
    const found = answer.droplets[host];
    const id = found?.id ?? recorded.get(host)?.machine;
    const existing = account.byNumber.get(`${id}`) ?? account.droplets.find((one) => `${one.id}` === id);
    if (found?.isReplaced && existing) return [warning(replaceText(droplet, existing, agentsOn(host)))];
    if (found?.id === undefined) return [];
    if (existing === undefined) return [warning(goneText(host, found.id))];
    return [
      ...(droplet.isHeld && droplet.replace !== found.replace ? [warning(heldText(host, existing))] : []),
      ...(recorded.has(host) ? [] : [adoptedSentence(host, existing, found.isAdopted)]),
      ...differences(droplet, existing).map(warning),
    ];
  });
  return [...each, ...quota(question, answer, account), ...costs(question, answer, account, recorded)];
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

function goneText(host: string, id: string): string {
  return (
    `${host}: droplet ${id} is gone: somebody has deleted it at DigitalOcean, with the data of its agents. Muster does ` +
    `not replace it unasked. For a new droplet, write \`replace: \` and a reason under hosts.${host}. If you no longer ` +
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
 * Compares the settings that cannot change after a droplet's first boot.
 *
 * @returns a sentence if any differ
 */
function differences({ host, region, image }: DropletQuestion, existing: Droplet): string[] {
  const actual = { region: existing.region?.slug, image: existing.image?.slug ?? `${existing.image?.id}` };
  const differing = [
    ...(actual.region !== undefined && actual.region !== region
      ? [`region ${region} (now ${actual.region})`]
      : []),
    ...(existing.image !== undefined && ![actual.image, `${existing.image.id}`].includes(image)
      ? [`image ${image} (now ${actual.image})`]
      : []),
  ];
  if (differing.length === 0) return [];
  return [
    `${host}: only a new droplet can have ${listed(differing)}. The existing droplet is kept as it is. ` +
      `To request a new one, write \`replace: \` and a reason under hosts.${host}.`,
  ];
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
      `The account's limit is ${limit} ${limit === 1 ? "droplet" : "droplets"} and it has ${count}, so ${made} more cannot be created. ` +
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
      : ` These sums do not include ${listed(unknown.map(({ what }) => what))}: the API has no price for the size.`;
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
