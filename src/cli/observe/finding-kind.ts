import type { Finding, FindingKind } from "../../model/finding.ts";
import { RUNTIMES } from "../../runtimes/registry.ts";
import type { Runtime } from "../../runtimes/runtime.ts";

/** The files in which a runtime keeps the model and the provider that it uses. */
const SETTINGS = new Set(Object.values(RUNTIMES).flatMap(({ settingsFile }: Runtime) => settingsFile ?? []));

/** The finding with its kind, where it has one. A change of fleet.yaml that is not applied yet has none. */
export function withKind(finding: Finding): Finding {
  const kind = finding.cause === "intended" ? undefined : kindOf(finding);
  return kind === undefined ? finding : { ...finding, kind };
}

function kindOf(finding: Finding): FindingKind | undefined {
  if (isBootEnable(finding)) return "BOOT-ENABLE";
  return isRuntime(finding) ? "RUNTIME" : undefined;
}

/** A unit that runs but is not enabled ends with the next reboot, and nobody notices before that. */
function isBootEnable({ type, part, item, property, declared }: Finding): boolean {
  const isOwnUnit = part === "unit" || (type === "Service" && item === "unit");
  return isOwnUnit && property === "enabled" && declared === "enabled";
}

function isRuntime({ part, item }: Finding): boolean {
  return part === "unit" ? item === "model" : part === "identity" && SETTINGS.has(item);
}
