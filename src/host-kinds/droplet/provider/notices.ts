import type { Severity } from "../../../provider/handlers/handler.ts";
import { listed } from "../../../provider/notices/listed.ts";
import type { DigitalOceanAccount, Droplet } from "../digitalocean/account.ts";
import { type Cost, costsOf } from "../digitalocean/costs.ts";
import type { Met } from "../digitalocean/match-droplet.ts";
import type { CloudAnswer, CloudQuestion, DropletQuestion } from "../preflight-protocol.ts";

/** One sentence for a person, and how much it matters. */
export interface Sentence {
  readonly severity: Severity;
  readonly text: string;
}

/**
 * What a run will do to droplets, as far as a person must know before: what is lost, what is gone, what cannot be as
 * declared, what it costs.
 *
 * @param agentsOn the agents that the host's records name
 */
export function dropletSentences(
  question: CloudQuestion,
  answer: CloudAnswer,
  account: DigitalOceanAccount,
  met: ReadonlyMap<string, Met>,
  agentsOn: (host: string) => readonly string[],
): Sentence[] {
  const each = question.droplets.flatMap((droplet) => {
    const { host } = droplet;
    const found = answer.droplets[host];
    const id = found?.id ?? met.get(host)?.machine;
    const there = account.byNumber.get(`${id}`) ?? account.droplets.find((one) => `${one.id}` === id);
    if (found?.isReplaced && there) return [warning(replaceText(droplet, there, agentsOn(host)))];
    if (found?.id === undefined) return [];
    if (there === undefined) return [warning(goneText(host, found.id))];
    return [
      ...(droplet.isHeld && droplet.replace !== found.replace ? [warning(heldText(host, there))] : []),
      ...(met.has(host) ? [] : [adoptedSentence(host, there, found.isAdopted)]),
      ...differences(droplet, there).map(warning),
    ];
  });
  return [...each, ...quota(question, answer, account), ...costs(question, answer, account, met)];
}

function warning(text: string): Sentence {
  return { severity: "warning", text };
}

function replaceText({ host, replace }: DropletQuestion, { id }: Droplet, agents: readonly string[]): string {
  const also = agents.length === 0 ? "" : `: ${listed([...agents].sort())}, with home and data`;
  return (
    `${host}: \`up\` makes a new droplet and then deletes droplet ${id} with its disk, its backups and all that is on ` +
    `it${also}. fleet.yaml asks for it: ${replace}. Volumes and a reserved IP move over.`
  );
}

function heldText(host: string, { id }: Droplet): string {
  return (
    `${host}: fleet.yaml asks for a new droplet, but an agent on it is protected: droplet ${id} is kept. ` +
    "Write `protect: false` for the agent, and ask again."
  );
}

function goneText(host: string, id: string): string {
  return (
    `${host}: droplet ${id} is gone: somebody deleted it at DigitalOcean. No other is made by itself, as its agents' ` +
    `data went with it. For a new one write \`replace: \` and the reason under hosts.${host}; if the host is not ` +
    `wanted any more, take it out of fleet.yaml and run \`npx fleet forget ${host}\`.`
  );
}

function adoptedSentence(host: string, { id }: Droplet, isAdopted: true | undefined): Sentence {
  if (isAdopted)
    return { severity: "info", text: `${host}: droplet ${id} is taken up as it is, as fleet.yaml says.` };
  return warning(
    `${host}: droplet ${id} has this host's tag, so it is taken up as this host and no other is made.`,
  );
}

/** What a droplet has from its first boot and keeps for ever. */
function differences({ host, region, image }: DropletQuestion, there: Droplet): string[] {
  const its = { region: there.region?.slug, image: there.image?.slug ?? `${there.image?.id}` };
  const differing = [
    ...(its.region !== undefined && its.region !== region ? [`region ${region} (it is ${its.region})`] : []),
    ...(there.image !== undefined && ![its.image, `${there.image.id}`].includes(image)
      ? [`image ${image} (it is ${its.image})`]
      : []),
  ];
  if (differing.length === 0) return [];
  return [
    `${host}: only a new droplet can have ${listed(differing)}: the one that is there is kept as it is. ` +
      `\`replace: \` and a reason under hosts.${host} asks for a new one.`,
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
      `The account may have ${limit} ${limit === 1 ? "droplet" : "droplets"} and has ${count}: ${made} more cannot be made. ` +
        "Ask DigitalOcean for a higher limit, or delete one that nobody needs; then run this again.",
    ),
  ];
}

function costs(
  question: CloudQuestion,
  answer: CloudAnswer,
  account: DigitalOceanAccount,
  met: ReadonlyMap<string, Met>,
): Sentence[] {
  const idOf = (host: string) => {
    const id = answer.droplets[host]?.id ?? met.get(host)?.machine;
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
      : ` Without ${listed(unknown.map(({ what }) => what))}, whose size has no price there.`;
  return [
    {
      severity: "info",
      text: `Costs a month: ${sum("before")} before, ${sum("after")} after (${changed.map(costText).join(", ")}).${but}`,
    },
  ];
}

function costText({ what, before, after }: Cost): string {
  return `${what} ${dollars(before)} → ${dollars(after)}`;
}

function dollars(amount: number | undefined): string {
  return amount === undefined ? "unknown" : `$${amount.toFixed(2)}`;
}
