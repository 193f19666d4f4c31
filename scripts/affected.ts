import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { compiledSchemas } from "./schema.ts";

const ROOT = join(import.meta.dirname, "..");

/** A test file that boots real hosts, and what of the checkout it depends on. */
export interface HostsFile {
  readonly path: string;
  /** What it imports, and the sources of the programs that it runs. */
  readonly sources: ReadonlySet<string>;
  /** Its own text and that of its support files, which name what they run and read besides. */
  readonly text: string;
}

/** Every file on real hosts starts with this one, which makes the Debian that they share. */
const HELPER = "src/host-kinds/local/nspawn/helper/main.ts";

/** The product that a file runs, by how it says so. */
const RUNS: readonly (readonly [says: RegExp, entries: readonly string[]])[] = [
  [/\.fleet\(|\bnpx\(/, ["src/cli/main.ts"]],
  [/"src\/host\/main\.ts"/, ["src/host/main.ts"]],
  [
    /\bmakeProject\(|\bbin\/pulumi\b|"bin"|\bnpx\(/,
    ["src/engine/pulumi.ts", "src/program/main.ts", "src/provider/main.ts", "src/host/main.ts"],
  ],
];

/** No program of ours reads these, and a test on real hosts only the pages that it names. */
const PROSE = /^(docs|bench)\/|^[^/]+\.md$/;

/** Tests without hosts and what is theirs alone: they take seconds, so all of them run anyway. */
const UNIT = /^test\/(?!hosts\/|doubles\/|fixtures\/)/;

/** All test files on real hosts. They reach the product through its bundles, so imports alone would not do. */
export async function hostsFiles(): Promise<HostsFile[]> {
  const paths = globSync("test/hosts/**/*.test.ts", { cwd: ROOT }).sort();
  const entries = [HELPER, ...RUNS.flatMap(([, programs]) => programs)];
  const imports = await importsOf([...paths, ...entries]);
  return paths.map((path) => {
    const own = imports.get(path) ?? [];
    const text = own
      .filter((file) => file.startsWith("test/"))
      .map((file) => readFileSync(join(ROOT, file), "utf8"))
      .join("\n");
    const runs = RUNS.flatMap(([says, programs]) => (says.test(text) ? programs : []));
    const sources = new Set([...own, ...[HELPER, ...runs].flatMap((entry) => imports.get(entry) ?? [])]);
    return { path, sources, text };
  });
}

/**
 * The files of those given that a change of one path can affect. What nobody is known to read affects all of them.
 *
 * @param path of the checkout, which need not be there any more
 */
export function affectedBy(path: string, files: readonly HostsFile[]): readonly HostsFile[] {
  const importing = files.filter(({ sources }) => sources.has(path));
  if (importing.length > 0) return importing;
  if (PROSE.test(path)) return files.filter(({ text }) => text.includes(`"${basename(path)}"`));
  return UNIT.test(path) ? [] : files;
}

/** What each of these imports, itself among it, by its path. */
async function importsOf(paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...new Set(paths)],
    outdir: "unwritten",
    write: false,
    metafile: true,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
    plugins: [compiledSchemas],
  });
  const outputs = Object.values(metafile.outputs);
  return new Map(outputs.map(({ entryPoint = "", inputs }) => [entryPoint, Object.keys(inputs)]));
}
