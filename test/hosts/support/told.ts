import type { Finding } from "../../../src/model/finding.ts";
import { ITEM_PROPERTIES, type ItemProperty, itemName, WHOLE } from "../../../src/model/parts.ts";
import { toldOf } from "./forms/form.ts";

/** What `fleet drift --json` told, without values: sorted, each once, rows and lines as their property. */
export function toldByDrift(json: string): string[] {
  const { findings } = JSON.parse(json) as { findings: Finding[] };
  return unique(
    findings.map(({ resource, part, item, property }) =>
      toldOf(resource, itemName(part ?? WHOLE, item), wholeOf(property)),
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

/** What `pulumi preview --json` told, in the same form. A resource that is created has none of its items. */
export function toldByPreview(json: string): string[] {
  const { steps } = JSON.parse(json) as { steps: Step[] };
  return unique(steps.filter(({ op }) => op !== "same" && op !== "refresh").flatMap(toldByStep));
}

function toldByStep({ op, urn, detailedDiff, newState }: Step): string[] {
  const resource = urn.split("::").at(-1) ?? "";
  if (op === "create") {
    return ITEM_PROPERTIES.flatMap((part) =>
      Object.entries(newState?.inputs[part] ?? {}).map(([label, properties]) =>
        toldOf(resource, itemName(part, label), "present" in properties ? "present" : "type"),
      ),
    );
  }
  const paths = op === "update" ? Object.keys(detailedDiff ?? {}) : [`${op} of ${urn}`];
  return paths.map((path) => {
    const [part = path, label = path, property = ""] = pathSteps(path);
    return toldOf(resource, itemName(part as ItemProperty, label), property);
  });
}

/** `unit["unit file"].content` in its three steps. */
function pathSteps(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}

function wholeOf(property: string): string {
  return property.split(".")[0] ?? property;
}

function unique(told: readonly string[]): string[] {
  return [...new Set(told)].sort();
}
