import { isDeepStrictEqual } from "node:util";
import { MusterError } from "../../../base/errors.ts";
import { mapValues } from "../../../base/objects.ts";
import type { HostRecord } from "../../../model/host-record.ts";
import type { HostItem, Observation, Observations } from "../../../model/items.ts";
import type { Observed } from "../../../model/protocol.ts";
import { fromWire, isSameSecret, toWire, type WireItem, wireAddress } from "../../../model/pulumi-items.ts";
import type { ProviderContext } from "../../context.ts";
import { isNothingInstalled } from "../../hosts/host-errors.ts";
import { messageOf, PartialError } from "../../wire/partial-error.ts";
import type { ActualState, HandlerCall } from "../handler.ts";
import { failureText } from "./failure-text.ts";
import {
  comparedItems,
  type ItemProperties,
  parseProperties,
  type WireItems,
  wireItems,
  withItems,
} from "./inputs.ts";
import { isGone, observedItems, unknownReasons } from "./interpret-observations.ts";
import { withoutDirectives } from "./metadata-inputs.ts";

/**
 * Observes the resource on its host.
 *
 * @returns undefined if no part of the resource exists; the recorded state if its host is declared
 *   intermittent and is unreachable
 * @throws PartialError with the recorded state if the state of any part is unknown, because the part might exist
 */
export async function readItems(
  context: ProviderContext,
  call: HandlerCall,
  id: string,
  recorded: ActualState,
): Promise<ActualState | undefined> {
  const properties = parseProperties(recorded.inputs);
  let seen: ObservedResource;
  try {
    seen = await observeResource(context, call, properties, wireItems(recorded.state));
  } catch (error) {
    if (isNothingInstalled(error) && isRuntime(properties.items)) return undefined;
    if (context.isDeferred(properties.host)) return recorded;
    throw new PartialError({ id, ...recorded, reasons: [messageOf(error)] });
  }
  const { observed, record } = seen;
  await reportWarnings(call, properties, observed);
  const reasons = unknownReasons(properties.items, observed);
  if (reasons.length > 0) throw new PartialError({ id, ...recorded, reasons });
  if (isGone(properties.items, observed) && !isBeingRemoved(record)) return undefined;
  const items = observedItems(properties.items, observed);
  // The inputs must not contain keyed hashes. Inputs that differ from the program's inputs would make the engine write
  // a complete checkpoint.
  const inputs = mapValues(items, (item) => toWire(fromWire(item)));
  const actual = {
    inputs: withItems(recorded.inputs, inputs),
    state: withItems(withoutDirectives(recorded.inputs), items),
  };
  if (record?.intended === undefined) return actual;
  throw new PartialError({ id, ...actual, reasons: unfinishedReasons(properties, record) });
}

/** Prints the host's warnings, such as a login that sshd refuses. */
export async function reportWarnings(
  call: HandlerCall,
  { host }: ItemProperties,
  observed: Observations,
): Promise<void> {
  for (const one of Object.values(observed))
    if ("warning" in one && one.warning !== undefined) await call.log("warning", `${host}: ${one.warning}`);
}

/**
 * Returns sentences about the changes that the last run did not finish. Each sentence contains the reason, except after
 * a killed run.
 */
function unfinishedReasons({ host, id }: ItemProperties, { failures = [], error }: HostRecord): string[] {
  const next = "`npx pulumi up` finishes the work";
  if (error !== undefined) {
    const text = new MusterError({ ...error, where: host }).message;
    return [`the last run could not apply this resource; ${next}. The error was: ${text}`];
  }
  if (failures.length === 0) return [`${host}: a run was killed while it changed this resource; ${next}`];
  return failures.map((failure) => {
    const text = failureText(host, id, failure);
    return `the last run could not apply the agent's ${failure.part}; ${next}. The error was: ${text}`;
  });
}

/**
 * Whether a removal was killed. The record of the resource then still exists, and only another removal deletes the
 * record.
 */
function isBeingRemoved(record: HostRecord | undefined): boolean {
  return record !== undefined && record.applied === undefined && record.intended === undefined;
}

/**
 * Whether the resource is the host's runtime. If the runtime is missing, this resource is absent, and all
 * other resources on the host are unknown.
 */
export function isRuntime(items: WireItems): boolean {
  return Object.values(items).some((item) => item["kind"] === "runtime");
}

type ObservedResource = Pick<Observed, "observed" | "record">;

/**
 * Uses the observation of the entire host if that observation covers the same items. Otherwise observes this
 * resource separately.
 */
async function observeResource(
  context: ProviderContext,
  call: HandlerCall,
  { host, id, items }: ItemProperties,
  state: WireItems,
): Promise<ObservedResource> {
  const { owner } = call.urn;
  const all = await context.observations.at(host, owner);
  const seen = all.resources[id];
  const observed = mapValues(seen?.observed ?? {}, (one, name) => unsealed(one, state[name]));
  const wanted = mapValues(items, (item, name) =>
    reference(item, seen?.items[name], observed[name] !== seen?.observed[name]),
  );
  if (seen !== undefined && isDeepStrictEqual(seen.items, wanted)) return { ...seen, observed };
  const contents = context.contents.held(comparedItems(wanted));
  const again = await context.observations.again(host, owner, { id, items: wanted }, contents);
  return again ?? { observed: {} };
}

/**
 * Returns the observation with the secret's digest from the state, if the secret has not changed since the state was
 * written.
 */
function unsealed(observation: Observation, state: WireItem | undefined): Observation {
  if ("unknown" in observation || !isSameSecret(state, observation.props)) return observation;
  return { ...observation, props: { ...observation.props, content: state?.["content"] ?? "" } };
}

/**
 * Returns the item with which the observed state is compared. After a saved refresh, the recorded inputs contain only
 * the observed values. The host's own record is therefore more reliable, and lacks only the digests of secrets.
 *
 * @param isKnown whether the state already has the digest of the secret
 */
function reference(item: WireItem, onHost: HostItem | undefined, isKnown: boolean): HostItem {
  if (onHost === undefined) return fromWire(item);
  const wire = toWire(onHost);
  if (!isDeepStrictEqual(wireAddress(wire), wireAddress(item))) return fromWire(item);
  const { content } = item;
  return !isKnown && `${content}`.startsWith("secret:")
    ? fromWire({ ...wire, content: content ?? "" })
    : onHost;
}
