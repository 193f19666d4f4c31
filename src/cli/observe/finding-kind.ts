import type { Finding, FindingKind } from "../../model/drift-finding.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { Runtime } from "../../runtimes/runtime.ts";

/** The keys for the model and the provider, by the path of the runtime's settings file that contains them. */
const MODEL_KEYS = new Map(
  Object.values(RUNTIMES).flatMap(({ settingsFile }: Runtime) =>
    settingsFile === undefined ? [] : [[settingsFile.path, settingsFile.modelKeys] as const],
  ),
);

/**
 * The properties of a file that concern all of its keys. They differ if the file is missing or if its keys cannot be
 * read.
 */
const WHOLE_FILE: readonly string[] = ["type", "content"];

/**
 * Adds a finding's kind, if the finding has one. A finding that is only a pending change in fleet.yaml has no
 * kind.
 */
export function withKind(finding: Finding): Finding {
  const kind = finding.cause === "intended" ? undefined : kindOf(finding);
  return kind === undefined ? finding : { ...finding, kind };
}

function kindOf(finding: Finding): FindingKind | undefined {
  if (isBootEnable(finding)) return "BOOT-ENABLE";
  return isRuntime(finding) ? "RUNTIME" : undefined;
}

/**
 * Whether a unit is disabled although it should be enabled. Such a unit can be running, but does not start after a
 * reboot.
 */
function isBootEnable({ type, part, item, property, declared }: Finding): boolean {
  const isOwnUnit = part === "unit" || (type === "Service" && item === "unit");
  return isOwnUnit && property === "enabled" && declared === "enabled";
}

function isRuntime({ part, item, property }: Finding): boolean {
  if (part === "unit") return item === "model";
  const keys = part === "identity" ? MODEL_KEYS.get(item) : undefined;
  return keys !== undefined && [...keys, ...WHOLE_FILE].includes(property);
}
