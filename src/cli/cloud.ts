import { join } from "node:path";
import { execa } from "execa";
import { InvalidError, MusterError } from "../base/errors.ts";
import { packageRoot } from "../base/paths.ts";
import { findEngine } from "../engine/find.ts";
import type { Cause, Finding } from "../model/finding.ts";
import type { Selection } from "./selection.ts";

/** A step of `pulumi preview --json`, as far as it is read here. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** The types of resources that are machines and no items on a host: the engine alone looks at them. */
const MACHINES = ["LocalHost"];

/**
 * What differs of the machines themselves, as the engine's preview sees them. It takes no lock and changes neither
 * state nor hosts.
 *
 * @param dir the folder of Pulumi.yaml
 * @param stack the stack that is looked at, by its name; left out: the selected one
 * @throws InvalidError where the engine, the stack or its passphrase is missing
 */
export async function cloudFindings(dir: string, selection: Selection, stack?: unknown): Promise<Finding[]> {
  const steps = await preview(dir, typeof stack === "string" ? ["--stack", stack] : []);
  const known = new Set(steps.filter(({ op }) => op === "refresh").map(({ urn }) => urn));
  return steps.flatMap((step) => {
    const [type = "", host = ""] = step.urn.split("::").slice(-2);
    const machine = MACHINES.find((one) => type === `muster:index:${one}`);
    const isAsked = selection.tenant === undefined && (selection.host ?? host) === host;
    if (machine === undefined || !isAsked) return [];
    const place = { host, resource: host, type: machine, item: "machine" };
    return differencesOf(step, known.has(step.urn)).map((difference) => ({ ...place, ...difference }));
  });
}

function differencesOf(
  { op, detailedDiff }: Step,
  wasKnown: boolean,
): Pick<Finding, "property" | "declared" | "observed" | "cause">[] {
  const gone: Cause = wasKnown ? "drift" : "intended";
  if (op === "create") return [{ property: "present", declared: true, observed: false, cause: gone }];
  if (op === "delete") return [{ property: "present", declared: false, observed: true, cause: "intended" }];
  if (op !== "update") return [];
  return Object.keys(detailedDiff ?? {}).map((property) => ({
    property,
    declared: true,
    observed: false,
    cause: "drift",
  }));
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
