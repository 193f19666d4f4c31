import type { ModelItem, Observation, Props } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { linkedOverride } from "../units/provider-override.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, showProperties, type UnitState } from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * The provider and model that an agent runs on, as systemd has read them from its unit and every drop-in. The files are
 * items of their own; this is their result.
 */
export const model: Kind<ModelItem> = {
  observe: ({ host }, targets) => observe(host, targets),
  // The files are as declared by now, so systemd has read older ones.
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
 * Provider and model out of what systemd says of a unit.
 *
 * @param inForce the provider that it is to run on, where that is not its first
 */
export function modelProps(
  { want, option, others = "{}" }: ModelItem,
  state: UnitState,
  inForce?: string,
): Props {
  const known = JSON.parse(others) as Readonly<Record<string, ModelItem["want"]>>;
  const asGood = (inForce === undefined ? undefined : known[inForce]) ?? want;
  const { LoadState, Environment = "", ExecStart = "" } = state;
  // A missing unit is reported by its own items.
  if (LoadState === "not-found" || LoadState === "masked") return want as Props;
  const current: ModelItem["want"] = {
    provider: variableOf(Environment, "MUSTER_PROVIDER"),
    model: (option && wordAfter(ExecStart, option)) || variableOf(Environment, "MUSTER_MODEL"),
  };
  const props = (["provider", "model"] as const).flatMap((key) => {
    if (want[key] === undefined) return [];
    return [[key, current[key] === (asGood[key] ?? NONE) ? want[key] : current[key]] as const];
  });
  return Object.fromEntries(props) as Props;
}

const NONE = "none";

/** A variable as `systemctl show` writes them: word by word, in quotes and with escapes where it needs them. */
function variableOf(environment: string, name: string): string {
  const words = [...environment.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "",
  );
  return words.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? NONE;
}

/** The word after an option, of a command line whose words `systemctl show` joins by spaces. */
function wordAfter(exec: string, option: string): string | undefined {
  const words = / ; argv\[\]=(.*?) ; ignore_errors=/.exec(exec)?.[1]?.split(" ") ?? [];
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1]?.replace(/^"(.*)"$/, "$1");
}
