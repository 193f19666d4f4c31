import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Admin, type Cloud, startCloud } from "../../doubles/cloud/index.ts";
import { noMachines } from "../../doubles/cloud/machines/no-machines.ts";
import { nspawnMachines } from "../../doubles/cloud/machines/nspawn.ts";

/** The folder of the stand-in plugins, under the file names that the engine looks for. */
const PLUGINS = join(import.meta.dirname, "../../doubles/plugins/bin");

/** If true, the engine downloads the vendor's own plugins, and the tests use these plugins. */
export const REAL = process.env["MUSTER_REAL_PLUGINS"] === "1";

/** The variables for the waits of the stand-ins. The vendor's plugins read only the rate. */
const PACES = {
  vendor: {},
  scaled: { STAND_IN_PACE: "0.1", STAND_IN_TIMEOUTS: "0.1", DIGITALOCEAN_REQUESTS_PER_SECOND: "30" },
  fast: { STAND_IN_PACE: "0.05", DIGITALOCEAN_REQUESTS_PER_SECOND: "50" },
} as const;

/** A DigitalOcean double for one test. test/doubles/cloud/README.md describes it. */
export interface TestCloud {
  readonly url: string;
  readonly token: string;
  readonly admin: Admin;
  /** The environment variables that a command needs to use the double. */
  readonly env: Readonly<Record<string, string>>;
  /** The entries for `plugins.providers` in a Pulumi.yaml. Empty if the vendor's own plugins are used. */
  readonly plugins: readonly { readonly name: string; readonly path: string }[];
  /**
   * Stops the double and removes every host that it has created.
   *
   * @throws an error with the failures of the double's background work
   */
  dispose(): Promise<void>;
}

/**
 * @param options.hosts false: droplets have no machines, and their addresses do not answer
 * @param options.pace "vendor": the stand-in plugins wait as long between two requests to the API as the vendor's
 * plugins; "scaled": their waits and their timeouts are ten times as short; "fast", the default: only their waits are
 * short
 */
export async function cloud(
  options: { hosts?: boolean; pace?: keyof typeof PACES } = {},
): Promise<TestCloud> {
  const dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
  const real = nspawnMachines(dir);
  const fakeCloud = await startCloud({ dir, machines: options.hosts === false ? noMachines() : real });
  return {
    url: fakeCloud.url,
    token: fakeCloud.token,
    admin: fakeCloud.admin,
    env: {
      ...environment(fakeCloud),
      ...PACES[options.pace ?? "fast"],
    },
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
    // Both plugins support these variables, which shorten the wait before a retry to a fraction of a second.
    DIGITALOCEAN_HTTP_RETRY_WAIT_MIN: "0.05",
    DIGITALOCEAN_HTTP_RETRY_WAIT_MAX: "0.2",
    // The engine prefers plugins on PATH to downloads. Without downloads, a missing plugin immediately causes an error.
    ...(REAL
      ? {}
      : { PATH: `${PLUGINS}${delimiter}${path}`, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}
