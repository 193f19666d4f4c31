import { isDeepStrictEqual } from "node:util";
import type { ModelItem, Observation, Props } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { linkedOverride } from "../units/provider-override.ts";
import { otherChoice, type SessionChoice } from "../units/session-choice.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, showProperties, type UnitState } from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * The provider and model that an agent uses, as systemd has read them from the agent's unit and all drop-ins. These
 * files are separate items; this item checks their combined result.
 */
export const model: Kind<ModelItem> = {
  observe,
  converge: ({ host }, { item }) => {
    const [state = {}] = showProperties(host, [item.unit], PROPERTIES);
    // A session that has chosen another model itself is not interrupted.
    if (isDeepStrictEqual(modelProps(item, state, linkedOverride(host, item.unit)), item.want)) return;
    // At this point, the files already match fleet.yaml, so systemd must have read older versions of them.
    daemonReload(host);
    restartIfRunning(host, [item.unit]);
  },
  remove: () => [],
  afterReload: true,
};

const PROPERTIES = ["LoadState", "Environment", "ExecStart", "ActiveState", "ActiveEnterTimestampMonotonic"];

function observe(context: RequestContext, targets: readonly ItemState<ModelItem>[]): Observation[] {
  const { host } = context;
  const units = targets.map(({ item }) => item.unit);
  const states = orUnknown(() => showProperties(host, units, PROPERTIES));
  if ("unknown" in states) return units.map(() => states);
  return targets.map(({ item }, i) => {
    const state = states[i] ?? {};
    const active = linkedOverride(host, item.unit);
    const props = modelProps(item, state, active);
    const choice = isDeepStrictEqual(props, item.want) ? sessionOf(context, item, state, active) : undefined;
    return choice === undefined ? { props } : withChoice(props, choice);
  });
}

/** Returns the model that the agent's session has chosen instead of the model with which it was started. */
function sessionOf(
  { accounts }: RequestContext,
  item: ModelItem,
  { ActiveState, ActiveEnterTimestampMonotonic = "0" }: UnitState,
  activeProvider: string | undefined,
): SessionChoice | undefined {
  const { sessions, user = "", home } = item;
  const account = accounts.users.get(user);
  if (sessions === undefined || home === undefined || account === undefined || ActiveState !== "active")
    return undefined;
  const upFor = Number(process.hrtime.bigint() / 1000n) - Number(ActiveEnterTimestampMonotonic);
  const expected = expectedModel(item, activeProvider);
  const choice = orUnknown(() =>
    asUser(account, () => otherChoice(sessions, home, Date.now() - upFor / 1000, expected)),
  );
  return choice !== undefined && "unknown" in choice ? undefined : choice;
}

/** Reports the choice of a session. `up` does not change the choice, because a change would interrupt the session. */
function withChoice(props: Props, { model, provider }: SessionChoice): Observation {
  return {
    props: {
      ...props,
      ...("model" in props && { model }),
      ...("provider" in props && provider !== undefined && { provider }),
    },
    isLeft: true,
    refusal: {
      why: `the session itself has chosen the model ${model}.`,
      next: "Choose the declared model in the session, or restart it: `npx fleet stop NAME`, then `npx fleet start NAME`.",
    },
  };
}

function expectedModel(
  { want, others = "{}" }: ModelItem,
  activeProvider: string | undefined,
): ModelItem["want"] {
  const known = JSON.parse(others) as Readonly<Record<string, ModelItem["want"]>>;
  return (activeProvider === undefined ? undefined : known[activeProvider]) ?? want;
}

/**
 * Returns the provider and model from a unit's systemd properties.
 *
 * @param activeProvider the provider that the agent should use after a failover; undefined if
 * it should use its first provider
 */
export function modelProps(item: ModelItem, state: UnitState, activeProvider?: string): Props {
  const { want, option } = item;
  const expected = expectedModel(item, activeProvider);
  const { LoadState, Environment = "", ExecStart = "" } = state;
  // A missing unit is already reported by the unit's own item.
  if (LoadState === "not-found" || LoadState === "masked") return want as Props;
  const current: ModelItem["want"] = {
    provider: variableOf(Environment, "MUSTER_PROVIDER"),
    model: (option && wordAfter(ExecStart, option)) || variableOf(Environment, "MUSTER_MODEL"),
  };
  const props = (["provider", "model"] as const).flatMap((key) => {
    if (want[key] === undefined) return [];
    return [[key, current[key] === (expected[key] ?? NONE) ? want[key] : current[key]] as const];
  });
  return Object.fromEntries(props) as Props;
}

const NONE = "none";

/** Finds a variable's value in the output of `systemctl show`, which quotes and escapes words if needed. */
function variableOf(environment: string, name: string): string {
  const words = [...environment.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "",
  );
  return words.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? NONE;
}

/**
 * Finds the word after an option in a command line from `systemctl show`. Spaces separate the words of the command
 * line.
 */
function wordAfter(exec: string, option: string): string | undefined {
  const words = / ; argv\[\]=(.*?) ; ignore_errors=/.exec(exec)?.[1]?.split(" ") ?? [];
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1]?.replace(/^"(.*)"$/, "$1");
}
