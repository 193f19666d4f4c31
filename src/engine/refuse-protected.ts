import { MusterError } from "../base/errors.ts";
import { hostOf, subjectOf } from "../model/resource-id.ts";
import { type EngineStack, runEngine } from "./run-engine.ts";

/** A resource of `pulumi stack export`, as far as it is read here. */
export interface Kept {
  readonly urn: string;
  readonly protect?: boolean;
  readonly parent?: string;
  readonly deletedWith?: string;
  readonly dependencies?: readonly string[] | null;
}

/**
 * Refuses a destroy that would remove something that is protected. The engine notices that at each resource alone, when
 * what stands on it is gone already, from its host or from the state.
 *
 * @param args as they were given
 * @throws MusterError with what is protected; nothing was changed
 */
export async function refuseProtected(of: EngineStack, args: readonly string[]): Promise<void> {
  if (args.some((arg) => /^--exclude-protected(=true)?$/.test(arg))) return;
  const { failed, stdout } = await runEngine(of, ["stack", "export", "--stack", of.stack]);
  // Where the state cannot be read the engine says why.
  if (failed) return;
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: readonly Kept[] } | null };
  const kept = goingBy(args, deployment?.resources ?? []).filter(({ protect }) => protect === true);
  if (kept.length === 0) return;
  const subjects = subjectsOf(kept);
  throw new MusterError({
    what: "nothing is destroyed",
    why: `protected ${subjects.length === 1 ? "is" : "are"} ${subjects.join(", ")}.`,
    next: "Write `protect: false` there in fleet.yaml, run `npx pulumi up`, and destroy it then (docs/changes.md).",
  });
}

/** What a destroy with these arguments removes. */
export function goingBy(args: readonly string[], resources: readonly Kept[]): readonly Kept[] {
  const [targets, excludes] = [valuesOf(args, "-t", "--target"), valuesOf(args, "-x", "--exclude")];
  const rest = resources.filter(({ urn }) => !isNamed(urn, excludes));
  if (targets.length === 0) return rest;
  const going = new Set(rest.filter(({ urn }) => isNamed(urn, targets)).map(({ urn }) => urn));
  if (args.some((arg) => /^--target-dependents(=true)?$/.test(arg))) {
    // A state names what others depend on before them.
    for (const one of rest) if (needsOf(one).some((urn) => going.has(urn))) going.add(one.urn);
  }
  return rest.filter(({ urn }) => going.has(urn));
}

function needsOf({ parent, deletedWith, dependencies }: Kept): readonly string[] {
  return [...(dependencies ?? []), ...(parent ? [parent] : []), ...(deletedWith ? [deletedWith] : [])];
}

/** The values of a flag in its forms: `-t x`, `-tx`, `--target x`, `--target=x`, and with commas between several. */
function valuesOf(args: readonly string[], short: string, long: string): string[] {
  return args.flatMap((arg, at) => {
    if (arg === short || arg === long) return (args[at + 1] ?? "").split(",");
    if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1).split(",");
    const isShort = arg.startsWith(short) && !arg.startsWith("--");
    return isShort ? arg.slice(short.length).replace(/^=/, "").split(",") : [];
  });
}

/** The engine's own patterns have `*` and `**` for what may be anything. */
function isNamed(urn: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split(/\*+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s").test(urn);
  });
}

/** `web`, `iris on box`: what is protected because of another is told with it. */
function subjectsOf(kept: readonly Kept[]): string[] {
  const subjects = kept.map(({ urn }) => {
    const [type = "", name = urn] = urn.split("::").slice(-2);
    // A volume is a part of its droplet.
    const { kind, host, name: owner } = subjectOf(type.includes("muster:") ? name : hostOf(name));
    if (kind === "host") return host;
    return `${kind === "tenant" ? "tenant " : ""}${owner} on ${host}`;
  });
  return [...new Set(subjects)].sort();
}
