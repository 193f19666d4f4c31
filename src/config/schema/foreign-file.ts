import { asMap } from "../yaml-values.ts";

/** Keys of the bundle file that Rancher's Fleet calls fleet.yaml too; muster/v1 has none of them. */
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
 * Tells a file of another tool from a faulty one of ours.
 *
 * @returns the sentence, or undefined where the file is ours
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
