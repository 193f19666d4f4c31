import { ITEM_PROPERTIES, type ItemProperty, itemName, NO_PART } from "../../../src/model/agent-parts.ts";
import type { Finding } from "../../../src/model/drift-finding.ts";
import { reportedAs } from "./mutation-forms/form.ts";

/**
 * Returns the differences in `fleet drift --json`, without values and duplicates, in sorted order. A changed row or
 * line is listed as a change of its property.
 */
export function reportedByDrift(json: string): string[] {
  const { findings } = JSON.parse(json) as { findings: Finding[] };
  return unique(
    findings.map(({ resource, part, item, property }) =>
      reportedAs(resource, itemName(part ?? NO_PART, item), baseProperty(property)),
    ),
  );
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff: Readonly<Record<string, unknown>> | null;
  readonly newState?: {
    readonly inputs: { readonly [P in ItemProperty]?: Readonly<Record<string, object>> };
  };
}

/**
 * Returns the differences in `pulumi preview --json`, in the same form. For a new resource, all of its items differ.
 */
export function reportedByPreview(json: string): string[] {
  const { steps } = JSON.parse(json) as { steps: Step[] };
  return unique(steps.filter(({ op }) => op !== "same" && op !== "refresh").flatMap(reportedByStep));
}

function reportedByStep({ op, urn, detailedDiff, newState }: Step): string[] {
  const resource = urn.split("::").at(-1) ?? "";
  if (op === "create") {
    return ITEM_PROPERTIES.flatMap((part) =>
      Object.entries(newState?.inputs[part] ?? {}).map(([label, properties]) =>
        reportedAs(resource, itemName(part, label), "present" in properties ? "present" : "type"),
      ),
    );
  }
  const paths = op === "update" ? Object.keys(detailedDiff ?? {}) : [`${op} of ${urn}`];
  return paths.map((path) => {
    const [part = path, label = path, property = ""] = pathSteps(path);
    return reportedAs(resource, itemName(part as ItemProperty, label), property);
  });
}

/** Splits `unit["unit file"].content` into its three steps. */
function pathSteps(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}

function baseProperty(property: string): string {
  return property.split(".")[0] ?? property;
}

function unique(differences: readonly string[]): string[] {
  return [...new Set(differences)].sort();
}
