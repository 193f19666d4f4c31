import type { ModelItem, Observation, Props } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { linkedOverride } from "../units/provider-override.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, showProperties, type UnitState } from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * The provider and model that an agent uses, as systemd has read them from the agent's unit and all drop-ins.
 * Those files are separate items; this item checks their combined result.
 */
export const model: Kind<ModelItem> = {
  observe: ({ host }, targets) => observe(host, targets),
  // The files already match fleet.yaml, so systemd must have read older versions.
  converge: ({ host }, { item }) => {
    daemonReload(host);
    restartIfRunning(host, [item.unit]);
  },
  remove: () => [],
  afterReload: true,
};

const PROPERTIES = ["LoadState", "Environment", "ExecStart"];

function observe(host: Host, targets: readonly ItemState<ModelItem>[]): Observation[] {
  const units = targets.map(({ item }) => item.unit);
  const states = orUnknown(() => showProperties(host, units, PROPERTIES));
  if ("unknown" in states) return units.map(() => states);
  return targets.map(({ item }, i) => ({
    props: modelProps(item, states[i] ?? {}, linkedOverride(host, item.unit)),
  }));
}

/**
 * Returns the provider and model from a unit's systemd properties.
 *
 * @param activeProvider the provider that the agent should use after a failover; undefined if it should use
 * the first one
 */
export function modelProps(
  { want, option, others = "{}" }: ModelItem,
  state: UnitState,
  activeProvider?: string,
): Props {
  const known = JSON.parse(others) as Readonly<Record<string, ModelItem["want"]>>;
  const expected = (activeProvider === undefined ? undefined : known[activeProvider]) ?? want;
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

/** Finds the word after an option in a command line from `systemctl show`. Spaces separate its words. */
function wordAfter(exec: string, option: string): string | undefined {
  const words = / ; argv\[\]=(.*?) ; ignore_errors=/.exec(exec)?.[1]?.split(" ") ?? [];
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1]?.replace(/^"(.*)"$/, "$1");
}
