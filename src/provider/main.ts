/**
 * The provider's program. The engine starts this program, reads the port from stdout, and sends requests
 * until the run ends.
 */

import { join } from "node:path";
import { installedVersion } from "../base/installed-version.ts";
import { projectDir } from "../base/muster-folders.ts";
import { archiveSource } from "./archive-source.ts";
import { commitSource } from "./commit-source.ts";
import { contentStore } from "./content-store.ts";
import { loadHostKindProviders } from "./host-kind-provider.ts";
import { declaredHosts, fleetPool } from "./hosts/declared-host-connections.ts";
import { hostFacts } from "./hosts/declared-host-facts.ts";
import { type FleetProvider, makeProvider } from "./provider.ts";
import { secretCommands } from "./secret-commands.ts";
import { serve } from "./server.ts";
import { valuesOfRun } from "./values-of-run.ts";

const project = projectDir() ?? process.cwd();
const declared = declaredHosts(project);
const pool = fleetPool(project, declared, () => provider.stack());
const values = valuesOfRun(join(project, ".muster", "values-of-run"), process.env["MUSTER_RUN_KEY"]);
const provider: FleetProvider = makeProvider({
  version: installedVersion(),
  env: process.env,
  hosts: pool,
  facts: hostFacts(project, declared, process.env),
  kinds: await loadHostKindProviders(project, declared),
  contents: contentStore(project),
  archives: archiveSource(project),
  commits: commitSource(project),
  commands: secretCommands({ folder: project, env: process.env, values }),
});
const running = await serve(provider);

/**
 * Exits after the running requests have finished, so that a killed engine does not leave a host half changed.
 */
async function end(): Promise<void> {
  await running.stop();
  await pool.close();
  process.exit(0);
}

process.on("SIGINT", end).on("SIGTERM", end);
// The engine holds the other end of stdin, so a closed stdin means that the engine has ended.
process.stdin.on("end", end).on("error", end).resume();
process.stdout.write(`${running.port}\n`);
