import { asMap } from "../yaml-values.ts";

/** Keys that occur only in a fleet.yaml of Rancher's Fleet. muster/v1 uses none of these keys. */
const RANCHER_KEYS = [
  "defaultNamespace",
  "namespace",
  "namespaceLabels",
  "targetCustomizations",
  "helm",
  "kustomize",
  "rolloutStrategy",
  "dependsOn",
  "keepResources",
  "overrideTargets",
];

/**
 * Recognizes a fleet.yaml of another tool. Without this check, many misleading problems would be reported for such a
 * file.
 *
 * @returns the problem, or undefined if the file is Muster's
 */
export function foreignFile(value: unknown): string | undefined {
  const map = asMap(value);
  const key = RANCHER_KEYS.find((name) => name in map);
  if (key === undefined || "apiVersion" in map) return undefined;
  return (
    `this is a fleet.yaml of Rancher's Fleet (it has \`${key}\`), not of Muster: ` +
    "name Muster's file on the command line, or keep the two files in different folders"
  );
}
