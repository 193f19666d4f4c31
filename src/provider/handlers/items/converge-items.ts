import { mapValues } from "../../../base/objects.ts";
import { requester } from "../../../base/requester.ts";
import { canChangePart, labelOf, partOf } from "../../../model/agent-parts.ts";
import { diffItem } from "../../../model/diff.ts";
import { AS_DECLARED, type Observation, type Observations, refusalText } from "../../../model/items.ts";
import type { ConvergeAnswer, ConvergeRequest, Overwritten } from "../../../model/protocol.ts";
import { fromWire, type WireItem } from "../../../model/pulumi-items.ts";
import { subjectOf } from "../../../model/resource-id.ts";
import type { ProviderContext } from "../../context.ts";
import { wasNeverSent } from "../../hosts/host-errors.ts";
import { messageOf, PartialError } from "../../wire/partial-error.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { failureText } from "./failure-text.ts";
import { hostItems, type ItemProperties, isHomeFolder, parseProperties, withItems } from "./inputs.ts";
import { installRuntimes } from "./install-runtimes.ts";
import { observedItems, unknownReasons } from "./interpret-observations.ts";
import { linkNotices } from "./link-notices.ts";
import { formerlyOf, withoutDirectives } from "./metadata-inputs.ts";
import { moveHome } from "./move-home.ts";
import { reportWarnings } from "./read-items.ts";
import { waitingSentence } from "./restart-notices.ts";
import { sendCommits } from "./send-commits.ts";

/**
 * Changes the host to match the declaration. A create is the same as an update, because existing items on the host are
 * adopted.
 *
 * @returns the observed state
 * @throws PartialError if something still differs from the declaration
 */
export function convergeItems(
  context: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<Properties> {
  const properties = parseProperties(news);
  return apply(context, call, news, properties, requestFor(context, call, news));
}

/**
 * Converges a resource that the engine does not know yet. If this fails and the host might have been changed, the
 * engine must keep the resource's id. Without this id, no stack would own the items on the host.
 */
export async function create(
  context: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<Properties> {
  const properties = parseProperties(news);
  const request = requestFor(context, call, news);
  try {
    return await apply(context, call, news, properties, request);
  } catch (error) {
    if (error instanceof PartialError) throw error;
    if (!(await mayExist(context, properties.host, request, error))) throw error;
    throw new PartialError({ id: request.id, inputs: news, state: news, reasons: [messageOf(error)] });
  }
}

function requestFor(context: ProviderContext, call: HandlerCall, news: Properties): ConvergeRequest {
  const { id, items: wire } = parseProperties(news);
  const items = hostItems(wire);
  const secret = Object.entries(wire).filter(([, item]) => item["secret"] !== undefined);
  const secrets = secret.map(([name, item]) => [name, context.secrets.rendered(item)] as const);
  const { owner, type } = call.urn;
  const contents = context.contents.needed(items);
  const formerly = formerlyOf(news);
  const { takesOver } = context.stack();
  return {
    ...{ op: "converge", id, type, owner, items, contents, secrets: Object.fromEntries(secrets) },
    ...{ by: requester(), run: context.run },
    ...(formerly.length > 0 && { formerly }),
    ...(takesOver !== undefined && { takesOver }),
  };
}

async function apply(
  context: ProviderContext,
  call: HandlerCall,
  news: Properties,
  properties: ItemProperties,
  request: ConvergeRequest,
): Promise<Properties> {
  const { host, items } = properties;
  const { hosts, observations } = context;
  context.recurring.refuse(request.id);
  await moveHome(context, call, news, request);
  await installRuntimes(context, call, host, request.items, request.contents);
  await sendCommits(context, call, host, request.items);
  const writer = await hosts.writer(host);
  const answer = await writer.converge(request).finally(() => observations.forget(host));
  for (const path of answer.kept ?? []) await call.log("warning", keptSentence(properties, path));
  const { id, items: sent, contents } = request;
  for (const sentence of linkNotices(host, id, sent, answer.observed, contents))
    await call.log("warning", sentence);
  for (const one of answer.overwritten ?? []) await call.log("warning", overwrittenSentence(properties, one));
  for (const unit of answer.waiting ?? []) await call.log("info", waitingSentence(properties, unit));
  await reportWarnings(call, properties, answer.observed);
  const observed = mapValues(answer.observed, (observation, name) => asApplied(observation, items[name]));
  const state = withItems(withoutDirectives(news), observedItems(items, observed));
  for (const sentence of leftSentences(properties, observed)) await call.log("warning", sentence);
  const reasons = [...failuresIn(properties, answer), ...remaining(properties, answer, observed)];
  if (reasons.length === 0) return state;
  throw new PartialError({ id: request.id, inputs: news, state, reasons });
}

/**
 * Returns the message that the data of a removed agent with the same name was kept. The data is never restored
 * automatically, because the new agent might be a different agent.
 */
function keptSentence({ host, id, items }: ItemProperties, path: string): string {
  const home = Object.values(items).find(isHomeFolder);
  const [to, owner] = [`${home?.["path"]}`, `${home?.["owner"]}`];
  const how = `cp -aT ${path} ${to} && chown -R ${owner}: ${to}`;
  return `${host}: an agent named ${subjectOf(id).name} was here before; its data is kept in ${path}. To restore it, run as root on ${host}: ${how}`;
}

/** Returns the message about entries that were replaced although Muster did not write them. */
function overwrittenSentence({ host, id }: ItemProperties, { path, kept }: Overwritten): string {
  const { kind, name } = subjectOf(id);
  const subject = kind === "agent" || kind === "service" ? `${name}: ` : "";
  return `${host}: ${subject}${path} was changed on the host; the former content is kept in ${kept}`;
}

/**
 * Whether the host might have parts of this resource. The host writes its record before the first change, so a host
 * without a record has no part of the resource.
 */
async function mayExist(
  { hosts }: ProviderContext,
  host: string,
  { id, owner }: ConvergeRequest,
  failure: unknown,
): Promise<boolean> {
  try {
    const reader = await hosts.reader(host);
    const { recorded } = await reader.observe({ op: "observe", owner, resources: [] });
    return recorded.some((record) => record.id === id && record.owner === owner);
  } catch {
    return !wasNeverSent(failure);
  }
}

/** If the host reports a secret as applied, adds the secret's declared digest to the reported state. */
function asApplied(observation: Observation, item: WireItem | undefined): Observation {
  if ("unknown" in observation || observation.props["content"] !== AS_DECLARED) return observation;
  const content = item?.["content"] ?? AS_DECLARED;
  return { ...observation, props: { ...observation.props, content } };
}

/** Returns one sentence for each part of an agent that could not be applied on the host. */
function failuresIn({ host, id }: ItemProperties, { failures = [] }: ConvergeAnswer): string[] {
  return failures.map((failure) => failureText(host, id, failure));
}

/** Whether `up` never changes this item, so that a difference is not a failure. */
function isLeft(observation: Observation): boolean {
  return "isLeft" in observation && observation.isLeft === true;
}

/** Returns sentences about the differences that `up` does not repair, and about what a person can do. */
function leftSentences({ host, id }: ItemProperties, observed: Observations): string[] {
  return Object.values(observed).flatMap((observation) =>
    isLeft(observation) && "refusal" in observation && observation.refusal !== undefined
      ? [`${host}: ${refusalText(observation.refusal, subjectOf(id).name)}`]
      : [],
  );
}

/** Returns one sentence for each difference that remains in a part that has not failed. */
function remaining(
  { host, items: all }: ItemProperties,
  { failures = [] }: ConvergeAnswer,
  observed: Observations,
): readonly string[] {
  const failed = new Set(failures.map(({ part }) => part));
  const items = Object.fromEntries(
    Object.entries(all).filter(([name]) => canChangePart(partOf(name), failed)),
  );
  const differing = Object.entries(items).flatMap(([name, item]) => {
    const observation = observed[name];
    if (observation === undefined || isLeft(observation)) return [];
    return diffItem(name, fromWire(item), observation).map((difference) => {
      const values = `${difference.observed}, declared ${difference.declared}`;
      const isSecret = item["secret"] !== undefined && difference.property === "content";
      return `${labelOf(name)}: ${difference.property} is still ${isSecret ? "different from the declared value" : values}`;
    });
  });
  return [...unknownReasons(items, observed), ...differing].map((reason) => `${host}: ${reason}`);
}
