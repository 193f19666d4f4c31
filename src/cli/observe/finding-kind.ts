import type { Finding, FindingKind } from "../../model/finding.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { Runtime } from "../../runtimes/runtime.ts";

/** The files in which runtimes keep the model and the provider that they use. */
const SETTINGS = new Set(Object.values(RUNTIMES).flatMap(({ settingsFile }: Runtime) => settingsFile ?? []));

/** Adds a finding's kind, if the finding has one. A pending change of fleet.yaml has none. */
export function withKind(finding: Finding): Finding {
  const kind = finding.cause === "intended" ? undefined : kindOf(finding);
  return kind === undefined ? finding : { ...finding, kind };
}

function kindOf(finding: Finding): FindingKind | undefined {
  if (isBootEnable(finding)) return "BOOT-ENABLE";
  return isRuntime(finding) ? "RUNTIME" : undefined;
}

/**
 * Whether a unit is not enabled although it should be. Such a unit may be running, but would not start after
 * a reboot.
 */
function isBootEnable({ type, part, item, property, declared }: Finding): boolean {
  const isOwnUnit = part === "unit" || (type === "Service" && item === "unit");
  return isOwnUnit && property === "enabled" && declared === "enabled";
}

function isRuntime({ part, item }: Finding): boolean {
  return part === "unit" ? item === "model" : part === "identity" && SETTINGS.has(item);
}
