import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { compiledSchemas } from "./schema.ts";

const ROOT = join(import.meta.dirname, "..");

/** A test file that boots real hosts, and the files of the checkout on which the test file depends. */
export interface HostsFile {
  readonly path: string;
  /** The imports of the file, and the sources of the programs that it runs. */
  readonly sources: ReadonlySet<string>;
  /** The text of the file and of its support files. This text names the other files that the tests run and read. */
  readonly text: string;
}

/** The program that builds the shared Debian base. Every test file on real hosts runs this program first. */
const HELPER = "src/host-kinds/local/nspawn/helper/main.ts";

/** The programs that a file runs if its text matches a pattern. */
const RUNS: readonly (readonly [says: RegExp, entries: readonly string[]])[] = [
  [/\.fleet\(|\bnpx\(/, ["src/cli/main.ts"]],
  [/"src\/host\/main\.ts"/, ["src/host/main.ts"]],
  [
    /\bmakeProject\(|\bbin\/pulumi\b|"bin"|\bnpx\(/,
    ["src/engine/pulumi.ts", "src/program/main.ts", "src/provider/main.ts", "src/host/main.ts"],
  ],
];

/**
 * Matches files that no program reads. A test on real hosts reads such a file only if the text of the test names the
 * file.
 */
const PROSE = /^(docs|bench)\/|^[^/]+\.md$/;

/** Matches tests without hosts, and their support files. These tests always run, because they take only seconds. */
const UNIT = /^test\/(?!hosts\/|doubles\/|fixtures\/)/;

/**
 * Returns all test files on real hosts. These tests run Muster's bundles, so their imports do not include all files
 * that they need.
 */
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
 * Returns the test files that a change of one path can affect. A path that no known program reads affects all test
 * files.
 *
 * @param path the path in the checkout; the file may have been removed
 */
export function affectedBy(path: string, files: readonly HostsFile[]): readonly HostsFile[] {
  const importing = files.filter(({ sources }) => sources.has(path));
  if (importing.length > 0) return importing;
  if (PROSE.test(path)) return files.filter(({ text }) => text.includes(`"${basename(path)}"`));
  return UNIT.test(path) ? [] : files;
}

/** Returns, for each path, the file itself and all files that it imports. */
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
