import { isDeepStrictEqual } from "node:util";
import { mapValues } from "../../../base/objects.ts";
import type { HostRecord } from "../../../model/host-record.ts";
import type { HostItem, Items, Observation } from "../../../model/items.ts";
import type { Observed } from "../../../model/protocol.ts";
import { fromWire, isSameSecret, toWire, type WireItem, wireAddress } from "../../../model/wire-items.ts";
import type { ProviderContext } from "../../context.ts";
import { isNothingInstalled } from "../../hosts/host-errors.ts";
import { messageOf, PartialError } from "../../wire/partial-error.ts";
import type { ActualState, HandlerCall } from "../handler.ts";
import { withoutDirectives } from "./directives.ts";
import { failureText } from "./failure-text.ts";
import { type ItemProperties, parseProperties, type WireItems, wireItems, withItems } from "./inputs.ts";
import { isGone, observedItems, unknownReasons } from "./observed-items.ts";

/**
 * Observes the resource on its host.
 *
 * @returns undefined if the whole resource is gone; the recorded state if its host is declared intermittent
 *   and is unreachable
 * @throws PartialError with the recorded state if any part is unknown, as unknown does not mean absent
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
  const reasons = unknownReasons(properties.items, observed);
  if (reasons.length > 0) throw new PartialError({ id, ...recorded, reasons });
  if (isGone(properties.items, observed) && !isBeingRemoved(record)) return undefined;
  const items = observedItems(properties.items, observed);
  // The inputs must not contain keyed hashes. If they differed from the program's inputs, the engine would
  // write a whole checkpoint.
  const inputs = mapValues(items, (item) => toWire(fromWire(item)));
  const actual = {
    inputs: withItems(recorded.inputs, inputs),
    state: withItems(withoutDirectives(recorded.inputs), items),
  };
  if (record?.intended === undefined) return actual;
  throw new PartialError({ id, ...actual, reasons: unfinishedReasons(properties, record) });
}

/** Returns what the last run did not finish, and why. A killed run has left no reason. */
function unfinishedReasons({ host, id }: ItemProperties, { failures = [] }: HostRecord): string[] {
  const next = "`npx pulumi up` finishes the work";
  if (failures.length === 0) return [`${host}: a run was killed while it changed this; ${next}`];
  return failures.map((failure) => {
    const text = failureText(host, id, failure);
    return `the last run could not apply the agent's ${failure.part}; ${next}. The error was: ${text}`;
  });
}

/** Whether a removal was killed. It leaves the record, which only another removal deletes. */
function isBeingRemoved(record: HostRecord | undefined): boolean {
  return record !== undefined && record.applied === undefined && record.intended === undefined;
}

/**
 * Whether the resource is the host's runtime. If the runtime is missing, this resource is absent, and all
 * others are unknown.
 */
export function isRuntime(items: WireItems): boolean {
  return Object.values(items).some((item) => item["kind"] === "runtime");
}

type ObservedResource = Pick<Observed, "observed" | "record">;

/**
 * Uses the observation of the whole host if it covers the same items; otherwise observes this resource
 * separately.
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
  const contents = context.contents.held(rowsOf(wanted));
  const again = await context.observations.again(host, owner, { id, items: wanted }, contents);
  return again ?? { observed: {} };
}

/** Takes the digest of a secret from the state if the secret has not changed since the state was written. */
function unsealed(observation: Observation, state: WireItem | undefined): Observation {
  if ("unknown" in observation || !isSameSecret(state, observation.props)) return observation;
  return { ...observation, props: { ...observation.props, content: state?.["content"] ?? "" } };
}

/**
 * Returns the item to compare the host with. After a saved refresh, the recorded inputs are only what the
 * refresh observed, so the host's own record is more reliable. The record lacks only the digests of secrets.
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

function rowsOf(items: Items): Items {
  return Object.fromEntries(Object.entries(items).filter(([, item]) => item.kind === "rows"));
}
