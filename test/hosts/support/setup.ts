import { tmpdir } from "node:os";
import { ensureEngine } from "../../../src/engine/install-engine.ts";
import { stderrProgress } from "../../../src/engine/progress.ts";
import { localHosts } from "../../../src/host-kinds/local/nspawn/index.ts";

/** Prepares the engine and the Debian base before the first test. If both are missing, this takes several minutes. */
export default async function setup(): Promise<void> {
  process.env["MUSTER_OFFLINE"] = "1";
  const progress = stderrProgress();
  await Promise.all([ensureEngine(progress), localHosts(tmpdir()).prepare(progress)]);
}
