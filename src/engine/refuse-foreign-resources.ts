import { MusterError } from "../base/errors.ts";
import { nameInUrn } from "../model/urn.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";

interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  /** Whether a provider manages the resource; false for a component. */
  readonly custom?: boolean;
}

/** The prefixes of the types that every program has: Muster's own types, the stack, and the engine's providers. */
const COMMON = ["muster:", "pulumi:pulumi:", "pulumi:providers:"];

/** The maximum number of resources that the error names. */
const NAMED = 5;

/**
 * Refuses a run of Muster's own program if the state still records machines and other resources of a user's own
 * program. Muster's own program does not declare these resources, so the run would delete them.
 *
 * @param tokens the prefixes of the types of the vendors' resources that Muster's own program declares
 * @throws MusterError that names the resources; nothing has been changed
 */
export async function refuseForeign(of: EngineStack, tokens: readonly string[]): Promise<void> {
  const { failed, stdout } = await runEngine(of, ["stack", "export", "--stack", of.stack]);
  // If the engine cannot read the state, the engine itself reports the reason later.
  if (failed) return;
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources?: readonly ExportedResource[] } | null;
  };
  const error = foreignError(deployment?.resources ?? [], tokens);
  if (error !== undefined) throw error;
}

/** @returns undefined if Muster's own program can continue with these resources */
export function foreignError(
  resources: readonly ExportedResource[],
  tokens: readonly string[],
): MusterError | undefined {
  return nestedError(resources) ?? deletedError(foreignAmong(resources, tokens));
}

/**
 * Returns an error if Fleet has a parent. A URN contains the types of all parents, so all resources would get new URNs.
 */
function nestedError(resources: readonly ExportedResource[]): MusterError | undefined {
  if (!resources.some(({ urn }) => urn.includes("$muster:index:Fleet::"))) return undefined;
  return new MusterError({
    what: "nothing has been changed",
    why:
      "Pulumi.yaml now runs Muster's own program, but `Fleet` had a parent in your program. This run would remove " +
      "everything and create it again.",
    next: "Restore your program. Remove the parent of `Fleet`, add `aliases: [{ parent }]`, and run `pulumi up`.",
  });
}

function deletedError(foreign: readonly ExportedResource[]): MusterError | undefined {
  if (foreign.length === 0) return undefined;
  const names = foreign.slice(0, NAMED).map(({ type, urn }) => `${nameInUrn(urn)} (${type})`);
  const more = foreign.length > NAMED ? ` and ${foreign.length - NAMED} more` : "";
  return new MusterError({
    what: "nothing has been changed",
    why:
      "Pulumi.yaml now runs Muster's own program, but the state still records resources of your program. This run would " +
      `delete ${names.join(", ")}${more}.`,
    next: 'Remove them from the state first: see "Back to Muster\'s own program" in docs/own-program.md.',
  });
}

/**
 * Returns the resources that Muster's own program does not declare. Omits components, because the deletion of a
 * component has no effect.
 */
function foreignAmong(
  resources: readonly ExportedResource[],
  tokens: readonly string[],
): readonly ExportedResource[] {
  const declared = [...COMMON, ...tokens];
  return resources.filter(
    ({ type, custom }) => custom === true && !declared.some((prefix) => type.startsWith(prefix)),
  );
}
