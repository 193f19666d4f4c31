import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import type { RemoteDirs } from "../../../src/transport/remote-command.ts";
import type { RuntimeFiles } from "../../../src/transport/runtime-files.ts";

/** Folders on this machine that replace the folders on a host, and a cache. */
export interface Remote {
  readonly root: string;
  readonly dirs: RemoteDirs;
  /** Returns a runtime that answers without a real host. Each `version` has a different bundle. */
  runtime(version?: string, edit?: (program: string) => string): RuntimeFiles;
  dispose(): void;
}

const PROGRAM = readFileSync(join(import.meta.dirname, "../../fixtures/fake-runtime.mjs"), "utf8");

export function makeRemote(): Remote {
  const root = mkdtempSync(join(tmpdir(), "muster-remote-"));
  process.env["MUSTER_CACHE"] = join(root, "cache");
  // The pinned Node has 120 MB, and sending it would take time. Instead, install a script that starts this Node.
  const node = join(root, "node");
  writeFileSync(node, `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  const machine = arch() === "arm64" ? "aarch64" : "x86_64";
  return {
    root,
    dirs: {
      runtime: join(root, "lib/muster"),
      state: join(root, "state"),
      lock: join(root, "run.lock"),
      // The test machine might not have systemd, and these tests do not need it.
      systemd: root,
    },
    runtime: (version = "1", edit = (program) => program) => {
      const text = `${edit(PROGRAM)}// ${version}\n`;
      const bundleHash = createHash("sha256").update(text).digest("hex").slice(0, 16);
      const bundle = join(root, "bundles", `${bundleHash}.mjs`);
      mkdirSync(join(root, "bundles"), { recursive: true });
      writeFileSync(bundle, text);
      return { bundle, bundleHash, node: { version: process.versions.node, archFiles: { [machine]: node } } };
    },
    dispose: () => {
      delete process.env["MUSTER_CACHE"];
      rmSync(root, { recursive: true, force: true });
    },
  };
}
