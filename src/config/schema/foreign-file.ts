import { asMap } from "../yaml-values.ts";

/** The keys of the fleet.yaml of Rancher's Fleet. muster/v1 has none of them. */
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
 * Recognizes the file of another tool, which would otherwise cause many misleading problems.
 *
 * @returns the problem, or undefined if the file is Muster's
 */
export function foreignFile(value: unknown): string | undefined {
  const map = asMap(value);
  const key = RANCHER_KEYS.find((name) => name in map);
  if (key === undefined || "apiVersion" in map) return undefined;
  return (
    `this is a fleet.yaml of Rancher's Fleet (it has \`${key}\`), not of Muster: ` +
    "name Muster's file on the command line, or keep the two in different folders"
  );
}
