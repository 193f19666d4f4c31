import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { execa } from "execa";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { packageRoot } from "../../base/paths.ts";
import { findEngine } from "../../engine/find-engine.ts";
import type { MachineOfKind } from "../../host-kinds/host-kind.ts";
import { MACHINES } from "../../host-kinds/registry.ts";
import type { Cause } from "../../model/diff.ts";
import type { Finding } from "../../model/finding.ts";
import { hostOf } from "../../model/resource-id.ts";
import type { Selection } from "../selection.ts";

/** A step of `pulumi preview --json`, as far as it is read here. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
  readonly oldState?: { readonly inputs?: unknown };
  readonly newState?: { readonly inputs?: unknown };
}

/**
 * Finds the differences of the machines themselves by a preview of the engine, since only the engine knows these resources.
 * A preview takes no lock and changes neither state nor hosts.
 *
 * @param dir the folder of Pulumi.yaml
 * @param stack the name of the stack; the selected one where this is left out
 * @throws InvalidError where the engine, the stack or its passphrase is missing
 */
export async function cloudFindings(dir: string, selection: Selection, stack?: unknown): Promise<Finding[]> {
  return machineFindings(await preview(dir, typeof stack === "string" ? ["--stack", stack] : []), selection);
}

/** Finds the differences of machines in the steps of a preview. */
export function machineFindings(steps: readonly Step[], selection: Selection): Finding[] {
  const looks = new Map(steps.flatMap((step) => (step.op === "refresh" ? [[step.urn, step] as const] : [])));
  return steps.flatMap((step) => {
    const [token = "", name = ""] = step.urn.split("::").slice(-2);
    const machine = MACHINES.find(({ tokens }) => tokens.includes(token));
    const type = token.split(":").at(-1) ?? "";
    const host = hostOf(name);
    const isAsked = selection.tenant === undefined && (selection.host ?? host) === host;
    if (machine === undefined || !isAsked) return [];
    const place = { host, resource: name, type, item: /Host$/.test(type) ? "machine" : type.toLowerCase() };
    return differencesOf(step, machine, looks.get(step.urn)).map((difference) => ({
      ...place,
      ...difference,
    }));
  });
}

/** @param look what the engine read before the preview */
function differencesOf(
  { op, detailedDiff }: Step,
  { isAlwaysDrift }: MachineOfKind,
  look: Step | undefined,
): Pick<Finding, "property" | "declared" | "observed" | "cause">[] {
  const gone: Cause = look === undefined ? "intended" : "drift";
  if (op === "create") return [{ property: "present", declared: true, observed: false, cause: gone }];
  if (op === "delete") return [{ property: "present", declared: false, observed: true, cause: "intended" }];
  if (op !== "update") return [];
  const paths = Object.keys(detailedDiff ?? {});
  if (isAlwaysDrift) {
    return paths.map((property) => ({ property, declared: true, observed: false, cause: "drift" }));
  }
  // The engine saw something other than what it had recorded: somebody else changed it.
  const isDrift = !isDeepStrictEqual(look?.oldState?.inputs, look?.newState?.inputs);
  const observed = isDrift ? "changed there" : "as before";
  return [...new Set(paths.map((path) => path.replace(/[.[].*$/s, "")))].map((property) => {
    return { property, declared: "as in fleet.yaml", observed, cause: isDrift ? "drift" : "intended" };
  });
}

async function preview(dir: string, stack: readonly string[]): Promise<readonly Step[]> {
  if ((await findEngine()) === undefined) {
    throw new InvalidError({
      what: "--cloud cannot be answered",
      why: "the engine is not on this machine.",
      next: "Run `npx pulumi version`, which gets it, or leave --cloud out: hosts need no engine.",
    });
  }
  const pulumi = join(packageRoot(), "bin", "pulumi");
  const args = ["preview", "--json", "--non-interactive", ...stack];
  const { stdout, stderr, exitCode } = await execa(pulumi, args, { cwd: dir, reject: false });
  const steps = stepsIn(stdout);
  if (steps !== undefined) return steps;
  const parts = {
    what: "--cloud cannot be answered",
    why: (stderr.trim() || stdout.trim() || "the engine said nothing").split("\n").slice(-3).join(" "),
    next: "Hosts can be looked at without --cloud, which needs no engine, state or passphrase.",
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
