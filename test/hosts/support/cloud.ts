import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Admin, type Cloud, startCloud } from "../../doubles/cloud/index.ts";
import { noMachines } from "../../doubles/cloud/machines/none.ts";
import { nspawnMachines } from "../../doubles/cloud/machines/nspawn.ts";

/** Where the stand-in plugins are, each under the name that the engine looks for. */
const PLUGINS = join(import.meta.dirname, "../../doubles/plugins/bin");

/** With this the engine downloads the vendor's own plugins, and the tests run against those. */
const REAL = process.env["MUSTER_REAL_PLUGINS"] === "1";

/** A DigitalOcean of the test's own: test/doubles/cloud/README.md. */
export interface TestCloud {
  readonly url: string;
  readonly token: string;
  readonly admin: Admin;
  /** What a command needs in its environment to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** For `plugins.providers` of a Pulumi.yaml; empty with the vendor's own. */
  readonly plugins: readonly { readonly name: string; readonly path: string }[];
  /** Ends it and removes every host that it made. @throws what failed behind the API's back */
  dispose(): Promise<void>;
}

/** @param options.hosts false for droplets without machines, at addresses where nobody answers */
export async function cloud(options: { hosts?: boolean } = {}): Promise<TestCloud> {
  const dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
  const real = nspawnMachines(dir);
  const sky = await startCloud({ dir, machines: options.hosts === false ? noMachines() : real });
  return {
    url: sky.url,
    token: sky.token,
    admin: sky.admin,
    env: environment(sky),
    plugins: REAL ? [] : ["digitalocean", "command"].map((name) => ({ name, path: PLUGINS })),
    dispose: async () => {
      await sky.stop();
      if (options.hosts !== false) await real.removeAll();
      rmSync(dir, { recursive: true, force: true });
      if (sky.failures.length > 0) throw new Error(`the cloud failed: ${sky.failures.join("; ")}`);
    },
  };
}

function environment({ url, token }: Cloud): Record<string, string> {
  const path = process.env["PATH"] ?? "";
  return {
    DIGITALOCEAN_API_URL: url,
    DIGITALOCEAN_TOKEN: token,
    // Both plugins know these: they try again after fractions of a second.
    DIGITALOCEAN_HTTP_RETRY_WAIT_MIN: "0.05",
    DIGITALOCEAN_HTTP_RETRY_WAIT_MAX: "0.2",
    // Plugins on PATH are taken before any is downloaded; without the download a lack is told at once.
    ...(REAL
      ? {}
      : { PATH: `${PLUGINS}${delimiter}${path}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}
