import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Admin, type Cloud, startCloud } from "../../doubles/cloud/index.ts";
import { noMachines } from "../../doubles/cloud/machines/no-machines.ts";
import { nspawnMachines } from "../../doubles/cloud/machines/nspawn.ts";

/** The folder of the stand-in plugins, under the file names that the engine looks for. */
const PLUGINS = join(import.meta.dirname, "../../doubles/plugins/bin");

/** If set, the engine downloads the vendor's own plugins, and the tests run against those. */
const REAL = process.env["MUSTER_REAL_PLUGINS"] === "1";

/** A DigitalOcean double for one test: test/doubles/cloud/README.md. */
export interface TestCloud {
  readonly url: string;
  readonly token: string;
  readonly admin: Admin;
  /** The environment variables that a command needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** For `plugins.providers` of a Pulumi.yaml. Empty with the vendor's own plugins. */
  readonly plugins: readonly { readonly name: string; readonly path: string }[];
  /**
   * Stops it and removes every host that it has created.
   *
   * @throws an error with the failures of the double's background work
   */
  dispose(): Promise<void>;
}

/** @param options.hosts false for droplets without machines, at addresses that do not answer */
export async function cloud(options: { hosts?: boolean } = {}): Promise<TestCloud> {
  const dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
  const real = nspawnMachines(dir);
  const fakeCloud = await startCloud({ dir, machines: options.hosts === false ? noMachines() : real });
  return {
    url: fakeCloud.url,
    token: fakeCloud.token,
    admin: fakeCloud.admin,
    env: environment(fakeCloud),
    plugins: REAL ? [] : ["digitalocean", "command"].map((name) => ({ name, path: PLUGINS })),
    dispose: async () => {
      await fakeCloud.stop();
      if (options.hosts !== false) await real.removeAll();
      rmSync(dir, { recursive: true, force: true });
      if (fakeCloud.failures.length > 0)
        throw new Error(`the cloud failed: ${fakeCloud.failures.join("; ")}`);
    },
  };
}

function environment({ url, token }: Cloud): Record<string, string> {
  const path = process.env["PATH"] ?? "";
  return {
    DIGITALOCEAN_API_URL: url,
    DIGITALOCEAN_TOKEN: token,
    // Both plugins support these: they retry after fractions of a second.
    DIGITALOCEAN_HTTP_RETRY_WAIT_MIN: "0.05",
    DIGITALOCEAN_HTTP_RETRY_WAIT_MAX: "0.2",
    // The engine prefers plugins on PATH to downloads. Without downloads, a missing plugin is an error at once.
    ...(REAL
      ? {}
      : { PATH: `${PLUGINS}${delimiter}${path}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}
