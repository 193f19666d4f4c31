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
 * @returns undefined where all of it is gone; what was recorded, where its host may be unreachable and is
 * @throws PartialError with what was recorded where anything of it is unknown: unknown is not absent
 */
export async function readItems(
  services: ProviderContext,
  call: HandlerCall,
  id: string,
  recorded: ActualState,
): Promise<ActualState | undefined> {
  const properties = parseProperties(recorded.inputs);
  let seen: Seen;
  try {
    seen = await look(services, call, properties, wireItems(recorded.state));
  } catch (error) {
    if (isNothingInstalled(error) && isRuntime(properties.items)) return undefined;
    if (services.isWaitedFor(properties.host)) return recorded;
    throw new PartialError({ id, ...recorded, reasons: [messageOf(error)] });
  }
  const { observed, record } = seen;
  const reasons = unknownReasons(properties.items, observed);
  if (reasons.length > 0) throw new PartialError({ id, ...recorded, reasons });
  if (isGone(properties.items, observed) && !isBeingRemoved(record)) return undefined;
  const items = observedItems(properties.items, observed);
  // The engine writes inputs that differ from the program's at once, with the whole checkpoint, so they have no
  // keyed hashes.
  const inputs = mapValues(items, (item) => toWire(fromWire(item)));
  const actual = {
    inputs: withItems(recorded.inputs, inputs),
    state: withItems(withoutDirectives(recorded.inputs), items),
  };
  if (record?.intended === undefined) return actual;
  throw new PartialError({ id, ...actual, reasons: unfinishedReasons(properties, record) });
}

/** What the last run did not finish, and why; a killed run left no reason. */
function unfinishedReasons({ host, id }: ItemProperties, { failures = [] }: HostRecord): string[] {
  const next = "`npx pulumi up` finishes its work";
  if (failures.length === 0) return [`${host}: a run that changed it was killed; ${next}`];
  return failures.map((failure) => {
    return `the last run failed at its ${failure.part}; ${next}. It said: ${failureText(host, id, failure)}`;
  });
}

/** A killed removal leaves the record, which only a delete removes. */
function isBeingRemoved(record: HostRecord | undefined): boolean {
  return record !== undefined && record.applied === undefined && record.intended === undefined;
}

/**
 * Whether the resource is the host runtime itself, which may be missing; for others a missing runtime means unknown.
 */
export function isRuntime(items: WireItems): boolean {
  return Object.values(items).some((item) => item["kind"] === "runtime");
}

type Seen = Pick<Observed, "observed" | "record">;

/** Answers from the observation of the whole host where that covers the same items; otherwise asks again. */
async function look(
  services: ProviderContext,
  call: HandlerCall,
  { host, id, items }: ItemProperties,
  state: WireItems,
): Promise<Seen> {
  const { owner } = call.urn;
  const all = await services.looks.at(host, owner);
  const seen = all.resources[id];
  const observed = mapValues(seen?.observed ?? {}, (one, name) => unsealed(one, state[name]));
  const wanted = mapValues(items, (item, name) =>
    reference(item, seen?.items[name], observed[name] !== seen?.observed[name]),
  );
  if (seen !== undefined && isDeepStrictEqual(seen.items, wanted)) return { ...seen, observed };
  const contents = services.contents.held(rowsOf(wanted));
  const again = await services.looks.again(host, owner, { id, items: wanted }, contents);
  return again ?? { observed: {} };
}

/** A secret that has not changed since the state was written is what the state says. */
function unsealed(observation: Observation, state: WireItem | undefined): Observation {
  if ("unknown" in observation || !isSameSecret(state, observation.props)) return observation;
  return { ...observation, props: { ...observation.props, content: state?.["content"] ?? "" } };
}

/**
 * The item to compare the host with. After a saved refresh the recorded inputs are what was observed then. The host's
 * own record is more reliable, except for the digest of a secret, which it does not have.
 *
 * @param isTold whether the state says already what the secret is
 */
function reference(item: WireItem, onHost: HostItem | undefined, isTold: boolean): HostItem {
  if (onHost === undefined) return fromWire(item);
  const wire = toWire(onHost);
  if (!isDeepStrictEqual(wireAddress(wire), wireAddress(item))) return fromWire(item);
  const { content } = item;
  return !isTold && `${content}`.startsWith("secret:")
    ? fromWire({ ...wire, content: content ?? "" })
    : onHost;
}

function rowsOf(items: Items): Items {
  return Object.fromEntries(Object.entries(items).filter(([, item]) => item.kind === "rows"));
}
