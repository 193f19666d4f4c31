import { installationFolder, misfit, pinnedDigest, type WantedRuntime } from "../../model/installation.ts";
import { RUNTIMES, type RuntimeKind } from "../../runtimes/registry.ts";
import type { Runtime } from "../../runtimes/runtime.ts";
import type { RuntimeSpec } from "../fleet.ts";
import { LOCK_FILE, readLock } from "../fleet-lock.ts";
import type { RawPinnedRuntime } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { anywherePath, type Context, type Resolver } from "./context.ts";

/** Creates the resolver for pinned versions. fleet.lock is read when the first entry needs it. */
export function runtimeResolver(dir: string): Resolver<RawPinnedRuntime, RuntimeSpec> {
  let read: ReturnType<typeof readLock> | undefined;
  return (name, raw, keys, context) => {
    const wanted = resolveWanted(name, raw, keys, context);
    if (wanted === undefined) return undefined;
    read ??= readLock(dir);
    const pinned = "lock" in read && Object.hasOwn(read.lock, name) ? read.lock[name] : undefined;
    const flaw = "flaw" in read ? read.flaw : misfit(wanted, pinned);
    if (flaw !== undefined || pinned === undefined) {
      const sentence = `${LOCK_FILE} ${flaw}: run \`npx fleet pin\`, and commit ${LOCK_FILE}`;
      context.report.error(context.source, keys, sentence, "key");
      return undefined;
    }
    const integrity = pinnedDigest(pinned);
    return { ...wanted, pinned, integrity, folder: installationFolder(name, pinned.version, integrity) };
  };
}

/** Resolves an entry of `runtimes` without fleet.lock, and fills in the defaults of its runtime. */
export const resolveWanted: Resolver<RawPinnedRuntime, WantedRuntime> = (name, raw, keys, context) => {
  const { from, version, mirror } = raw;
  const flaw = from === "tarball" ? tarballFlaw(raw) : packageFlaw(raw);
  if (flaw !== undefined) {
    context.report.error(context.source, keys, flaw);
    return undefined;
  }
  const base = { name, from, version, ...(mirror !== undefined && { mirror }) };
  return from === "tarball" ? tarball(base, raw, context) : packaged(base, raw, keys, context);
};

type Base = Pick<WantedRuntime, "name" | "from" | "version" | "mirror">;

function tarballFlaw({ url, digest, program, package: name, python }: RawPinnedRuntime): string | undefined {
  const lacking = Object.entries({ url, digest, program }).find(([, value]) => value === undefined);
  if (lacking !== undefined) return `has no \`${lacking[0]}\`, which \`from: tarball\` needs`;
  return name === undefined && python === undefined
    ? undefined
    : "has a `package` or a version of `python`, which a tarball does not have";
}

/** The version of Python that Debian 12 has. */
const PYTHON = "3.11";

function packageFlaw({ from, url, digest, python, program = "" }: RawPinnedRuntime): string | undefined {
  if (python !== undefined && from !== "pypi")
    return "has a version of `python`, which only `from: pypi` has";
  if (url !== undefined || digest !== undefined) return "has a `url` or a `digest`, which only a tarball has";
  return program.includes("/") ? "has a path as `program`, which only a tarball has" : undefined;
}

function tarball(
  base: Base,
  { url = "", digest, program }: RawPinnedRuntime,
  { dir }: Context,
): WantedRuntime {
  return {
    ...{ ...base, package: base.name },
    url: /^https?:\/\//.test(url) ? url : anywherePath(dir, url),
    ...(digest !== undefined && { digest }),
    ...(program !== undefined && { program }),
  };
}

function packaged(
  base: Base,
  raw: RawPinnedRuntime,
  keys: Keys,
  context: Context,
): WantedRuntime | undefined {
  const { name, from } = base;
  const kind = raw.kind ?? (Object.hasOwn(RUNTIMES, name) ? (name as RuntimeKind) : "command");
  const preset: Runtime = RUNTIMES[kind];
  const { npm, pypi } = preset.packages ?? {};
  const known: NonNullable<Runtime["packages"]>["npm"] = from === "npm" ? npm : pypi;
  const own = raw.package ?? known?.name;
  if (own === undefined) {
    const sentence = `has no \`package\`: Muster knows no package of ${kind} at ${from === "npm" ? "npm" : "PyPI"}`;
    context.report.error(context.source, keys, sentence);
    return undefined;
  }
  const { native, unwanted } = own === known?.name ? known : {};
  const program = raw.program ?? preset.program;
  return {
    ...{ ...base, package: own },
    ...(program !== undefined && { program }),
    ...(from === "pypi" && { python: raw.python ?? PYTHON }),
    ...(native !== undefined && { native }),
    ...(unwanted !== undefined && { unwanted }),
  };
}
