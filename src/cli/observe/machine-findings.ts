import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { execa } from "execa";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { packageRoot } from "../../base/muster-folders.ts";
import { findEngine } from "../../engine/find-engine.ts";
import type { MachineOfKind } from "../../host-kinds/host-kind.ts";
import { MACHINES } from "../../host-kinds/registry.ts";
import type { Finding } from "../../model/drift-finding.ts";
import type { Cause } from "../../model/items.ts";
import { hostOf } from "../../model/resource-id.ts";
import type { Selection } from "../selection.ts";

/** The fields of a step from `pulumi preview --json` that are used here. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
  /**
   * In a `refresh` step, the state before the engine read the resource. In every other step, the state after this read.
   */
  readonly oldState?: { readonly inputs?: unknown };
}

/**
 * Finds differences between the machines themselves and fleet.yaml. Runs a preview, because only the engine knows the
 * machines' resources. A preview takes no lock and changes neither state nor hosts.
 *
 * @param dir the folder of Pulumi.yaml
 * @param stack the name of the stack; by default the selected stack
 * @throws InvalidError if the engine, the stack or its passphrase is missing
 */
export async function cloudFindings(dir: string, selection: Selection, stack?: unknown): Promise<Finding[]> {
  return machineFindings(await preview(dir, typeof stack === "string" ? ["--stack", stack] : []), selection);
}

/** Finds the differences between the machines and fleet.yaml in the steps of a preview. */
export function machineFindings(steps: readonly Step[], selection: Selection): Finding[] {
  const reads = new Map(steps.flatMap((step) => (step.op === "refresh" ? [[step.urn, step] as const] : [])));
  return steps.flatMap((step) => {
    const [token = "", name = ""] = step.urn.split("::").slice(-2);
    const machine = MACHINES.find(({ tokens }) => tokens.includes(token));
    const type = token.split(":").at(-1) ?? "";
    const host = hostOf(name);
    const isSelected = selection.tenant === undefined && (selection.host ?? host) === host;
    if (machine === undefined || !isSelected) return [];
    const place = { host, resource: name, type, item: /Host$/.test(type) ? "machine" : type.toLowerCase() };
    return differencesOf(step, machine, reads.get(step.urn)).map((difference) => ({
      ...place,
      ...difference,
    }));
  });
}

/**
 * @param read the step in which the engine read the actual resource before the preview; undefined if there is no such
 *   step
 */
function differencesOf(
  { op, detailedDiff, oldState }: Step,
  { isAlwaysDrift }: MachineOfKind,
  read: Step | undefined,
): Pick<Finding, "property" | "declared" | "observed" | "cause">[] {
  const gone: Cause = read === undefined ? "intended" : "drift";
  if (op === "create") return [{ property: "present", declared: true, observed: false, cause: gone }];
  if (op === "delete") return [{ property: "present", declared: false, observed: true, cause: "intended" }];
  if (op !== "update") return [];
  const paths = Object.keys(detailedDiff ?? {});
  if (isAlwaysDrift) {
    return paths.map((property) => ({ property, declared: true, observed: false, cause: "drift" }));
  }
  // If the values that the engine has read differ from its recorded values, somebody has changed the machine. The
  // `refresh` step contains the recorded values twice. Only the current step contains the values that were read.
  const isDrift = read !== undefined && !isDeepStrictEqual(read.oldState?.inputs, oldState?.inputs);
  const observed = isDrift ? "changed on the machine" : "as before";
  return [...new Set(paths.map((path) => path.replace(/[.[].*$/s, "")))].map((property) => {
    return { property, declared: "as in fleet.yaml", observed, cause: isDrift ? "drift" : "intended" };
  });
}

async function preview(dir: string, stack: readonly string[]): Promise<readonly Step[]> {
  if ((await findEngine()) === undefined) {
    throw new InvalidError({
      what: "--cloud cannot be used",
      why: "the engine is not installed on this machine.",
      next: "Run `npx pulumi version`, which installs it, or omit --cloud: a check of the hosts needs no engine.",
    });
  }
  const pulumi = join(packageRoot(), "bin", "pulumi");
  const args = ["preview", "--json", "--non-interactive", ...stack];
  const { stdout, stderr, exitCode } = await execa(pulumi, args, { cwd: dir, reject: false });
  const steps = stepsIn(stdout);
  if (steps !== undefined) return steps;
  const parts = {
    what: "--cloud cannot be used",
    why: (stderr.trim() || stdout.trim() || "the engine printed nothing").split("\n").slice(-3).join(" "),
    next: "Omit --cloud to check only the hosts. This check needs no engine, state or passphrase.",
  };
  throw exitCode === 2 ? new InvalidError(parts) : new MusterError(parts);
}

function stepsIn(text: string): readonly Step[] | undefined {
  try {
    return (JSON.parse(text) as { readonly steps?: readonly Step[] }).steps;
  } catch {
    return undefined;
  }
}
