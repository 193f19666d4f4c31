import { labelOf } from "../../../model/agent-parts.ts";
import {
  type HostItem,
  type Observation,
  type Observations,
  QUARANTINED,
  refusalText,
} from "../../../model/items.ts";
import { subjectOf } from "../../../model/resource-id.ts";
import type { ProviderContext } from "../../context.ts";
import { isNothingInstalled } from "../../hosts/host-errors.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { comparedItems, hostItems, parseProperties, wireItems, withItems } from "./inputs.ts";

/** The sentence about a unit in quarantine if `up` changes a file that the unit reads when it starts. */
const RELEASED =
  "it is in quarantine; `up` releases it and starts it once, because a file that it reads at startup changes.";

/**
 * Observes the declared items of a resource. Returns undefined if nothing is installed on the host yet. Returns an
 * empty result if the host cannot be observed, because the refresh already reports this.
 */
export async function observeDeclared(
  { silentObservations, contents }: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<Observations | undefined> {
  const { host, id, items: wire } = parseProperties(news);
  const items = hostItems(wire);
  const texts = contents.held(comparedItems(items));
  try {
    const answer = await silentObservations.again(host, call.urn.owner, { id, items }, texts);
    return answer?.observed ?? {};
  } catch (error) {
    return isNothingInstalled(error) ? undefined : {};
  }
}

/**
 * Returns one sentence for each item of a resource that an update would refuse.
 *
 * @param isRestarted whether the update changes a file that the resource's unit reads when it starts
 */
export function refusalNotices(
  news: Properties,
  observed: Observations | undefined,
  isRestarted: boolean,
): string[] {
  const { host, id, items: wire } = parseProperties(news);
  const items = hostItems(wire);
  const { kind, name } = subjectOf(id);
  const subject = kind === "agent" || kind === "service" ? name : undefined;
  const sentences = Object.entries(observed ?? {}).flatMap(([item, observation]) => {
    const text = refusedText(items[item], observation, isRestarted, subject);
    return text === undefined ? [] : [`${host}: ${subject === undefined ? "" : `${subject}: `}${text}`];
  });
  return [...new Set(sentences)];
}

/**
 * Returns a sentence with the packages that an update installs; undefined if it installs no packages.
 *
 * @param observed undefined if Muster has installed nothing on the host; it is then not known which packages the host
 *   has
 */
export function packageNotice(news: Properties, observed: Observations | undefined): string | undefined {
  const { host, items } = parseProperties(news);
  const missing = Object.entries(hostItems(items)).flatMap(([name, item]) =>
    item.kind === "package" && isMissing(observed, name) ? [item.name] : [],
  );
  if (missing.length === 0) return undefined;
  const unless = observed === undefined ? ", unless they are installed already" : "";
  return `${host}: \`up\` installs these packages with apt${unless}: ${missing.join(", ")}.`;
}

function isMissing(observed: Observations | undefined, name: string): boolean {
  if (observed === undefined) return true;
  const observation = observed[name];
  return observation !== undefined && "props" in observation && observation.props["present"] === false;
}

function refusedText(
  item: HostItem | undefined,
  observation: Observation,
  isRestarted: boolean,
  subject: string | undefined,
): string | undefined {
  if (item === undefined || "unknown" in observation || observation.refusal === undefined) return undefined;
  if (isRestarted && observation.props["active"] === QUARANTINED) return RELEASED;
  return refusalText(observation.refusal, subject);
}

/**
 * Returns the declared items that a unit could read. Leaves out each login whose source the host already knows, because
 * an update does not write such a login.
 */
export function withoutKnownLogins(news: Properties, observed: Observations | undefined): Properties {
  const items = Object.entries(parseProperties(news).items).filter(([name, item]) => {
    const observation = observed?.[name];
    const isKnown =
      observation !== undefined && "props" in observation && observation.props["content"] === item["content"];
    return item["write"] !== "adopt" || !isKnown;
  });
  return withItems(news, Object.fromEntries(items));
}

/** Returns one sentence for each login whose source has changed, but is older than the login on the host. */
export function oldLoginNotices(
  state: Properties | undefined,
  news: Properties,
  observed: Observations | undefined,
): string[] {
  const { host, id, items } = parseProperties(news);
  const before = state === undefined ? {} : wireItems(state);
  return Object.entries(items).flatMap(([name, item]) => {
    const observation = observed?.[name];
    if (item["write"] !== "adopt" || observation === undefined || !("props" in observation)) return [];
    const isChanged = before[name] !== undefined && before[name]["content"] !== item["content"];
    if (!isChanged || observation.props["content"] !== item["content"]) return [];
    return [
      `${host}: ${subjectOf(id).name} keeps its login ${labelOf(name)}, because ${item["secret"]} has an earlier login that Muster already knows`,
    ];
  });
}
