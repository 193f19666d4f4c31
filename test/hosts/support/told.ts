import type { Finding } from "../../../src/model/finding.ts";
import { toldOf } from "./forms/form.ts";

/** What `fleet drift --json` told, without values: sorted, each once, rows and lines as their property. */
export function toldByDrift(json: string): string[] {
  const { findings } = JSON.parse(json) as { findings: Finding[] };
  return unique(findings.map(({ resource, item, property }) => toldOf(resource, item, wholeOf(property))));
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff: Readonly<Record<string, unknown>> | null;
  readonly newState?: { readonly inputs: { readonly items?: Readonly<Record<string, object>> } };
}

/** What `pulumi preview --json` told, in the same form. A resource that is created has none of its items. */
export function toldByPreview(json: string): string[] {
  const { steps } = JSON.parse(json) as { steps: Step[] };
  return unique(steps.filter(({ op }) => op !== "same" && op !== "refresh").flatMap(toldByStep));
}

function toldByStep({ op, urn, detailedDiff, newState }: Step): string[] {
  const resource = urn.split("::").at(-1) ?? "";
  if (op === "create") {
    return Object.entries(newState?.inputs.items ?? {}).map(([item, properties]) =>
      toldOf(resource, item, "present" in properties ? "present" : "type"),
    );
  }
  const paths = op === "update" ? Object.keys(detailedDiff ?? {}) : [`${op} of ${urn}`];
  return paths.map((path) => {
    const [, item = path, property = ""] = pathSteps(path);
    return toldOf(resource, item, property);
  });
}

/** `items["unit file"].content` in its three steps. */
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
