import { MusterError } from "../base/errors.ts";
import { hostOf, subjectOf } from "../model/resource-id.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";

/** The fields of a resource in `pulumi stack export` that are used here. */
export interface ExportedResource {
  readonly urn: string;
  readonly protect?: boolean;
  readonly parent?: string;
  readonly deletedWith?: string;
  readonly dependencies?: readonly string[] | null;
}

/**
 * Refuses a destroy that would remove a protected resource. The engine itself refuses too late: when it reaches this
 * resource, it has already removed everything that depends on the resource.
 *
 * @param args the user's arguments
 * @throws MusterError that names the protected resources; nothing has been changed
 */
export async function refuseProtected(of: EngineStack, args: readonly string[]): Promise<void> {
  if (args.some((arg) => /^--exclude-protected(=true)?$/.test(arg))) return;
  const { failed, stdout } = await runEngine(of, ["stack", "export", "--stack", of.stack]);
  // If the engine cannot read the state, the engine itself reports the reason later.
  if (failed) return;
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources?: readonly ExportedResource[] } | null;
  };
  const protectedResources = removedBy(args, deployment?.resources ?? []).filter(
    ({ protect }) => protect === true,
  );
  if (protectedResources.length === 0) return;
  const subjects = subjectsOf(protectedResources);
  throw new MusterError({
    what: "nothing has been destroyed",
    why: `${subjects.join(", ")} ${subjects.length === 1 ? "is" : "are"} protected.`,
    next:
      `Set \`protect: false\` for ${subjects.length === 1 ? "it" : "them"} in fleet.yaml, ` +
      "run `npx pulumi up`, and then run `npx pulumi destroy` again (docs/changes.md).",
  });
}

/** Returns the resources that a destroy with these arguments removes. */
export function removedBy(
  args: readonly string[],
  resources: readonly ExportedResource[],
): readonly ExportedResource[] {
  const [targets, excludes] = [valuesOf(args, "-t", "--target"), valuesOf(args, "-x", "--exclude")];
  const rest = resources.filter(({ urn }) => !isNamed(urn, excludes));
  if (targets.length === 0) return rest;
  const removed = new Set(rest.filter(({ urn }) => isNamed(urn, targets)).map(({ urn }) => urn));
  if (args.some((arg) => /^--target-dependents(=true)?$/.test(arg))) {
    // One pass is enough, because a state lists dependencies before the resources that depend on them.
    for (const one of rest) if (needsOf(one).some((urn) => removed.has(urn))) removed.add(one.urn);
  }
  return rest.filter(({ urn }) => removed.has(urn));
}

function needsOf({ parent, deletedWith, dependencies }: ExportedResource): readonly string[] {
  return [...(dependencies ?? []), ...(parent ? [parent] : []), ...(deletedWith ? [deletedWith] : [])];
}

/**
 * Returns the values of a flag in any of its four forms: `-t x`, `-tx`, `--target x`, `--target=x`. Each `x` can
 * contain several values, separated by commas.
 */
function valuesOf(args: readonly string[], short: string, long: string): string[] {
  return args.flatMap((arg, at) => {
    if (arg === short || arg === long) return (args[at + 1] ?? "").split(",");
    if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1).split(",");
    const isShort = arg.startsWith(short) && !arg.startsWith("--");
    return isShort ? arg.slice(short.length).replace(/^=/, "").split(",") : [];
  });
}

/** Whether a URN matches one of the patterns. The engine's patterns have the wildcards `*` and `**`. */
function isNamed(urn: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split(/\*+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s").test(urn);
  });
}

/**
 * Returns the names of the protected hosts and agents, such as `web` or `iris on box`, sorted and without duplicates.
 */
function subjectsOf(protectedResources: readonly ExportedResource[]): string[] {
  const subjects = protectedResources.map(({ urn }) => {
    const [type = "", name = urn] = urn.split("::").slice(-2);
    // A volume counts as part of its droplet.
    const { kind, host, name: owner } = subjectOf(type.includes("muster:") ? name : hostOf(name));
    if (kind === "host") return host;
    return `${kind === "tenant" ? "tenant " : ""}${owner} on ${host}`;
  });
  return [...new Set(subjects)].sort();
}
