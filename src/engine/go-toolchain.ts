import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { MusterError } from "../base/errors.ts";
import { cacheDir, packageRoot } from "../base/muster-folders.ts";
import { atLeast } from "./engine-version.ts";
import { onPath } from "./find-engine.ts";

/** The paths at which Go's installer and distributions install Go. Used if Go is not on PATH. */
const GO_PLACES = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go"];

/**
 * Finds the Go program for a build of the engine.
 *
 * @throws MusterError if Go is missing or too old; the error says what to install
 */
export async function usableGo(): Promise<string> {
  const wanted = wantedGo();
  const go = [...onPath("go"), ...GO_PLACES.filter((file) => existsSync(file))][0];
  const next = `Install Go ${wanted} or newer (https://go.dev/dl, or \`apt-get install golang-go\` if that is new enough).`;
  const what = "the Pulumi engine cannot be built";
  if (go === undefined) throw new MusterError({ what, why: "Go was not found.", next });
  const { stdout, failed } = await execa(go, ["version"], {
    cwd: engineModule(),
    env: goEnv(),
    reject: false,
  });
  if (!failed && atLeast(stdout, wanted)) return go;
  throw new MusterError({ what, why: `${go} is older than Go ${wanted}.`, next });
}

/** Returns the oldest Go version that can build the engine, which is on the `go` line of its go.mod. */
function wantedGo(): string {
  return /^go (\S+)$/m.exec(readFileSync(join(engineModule(), "go.mod"), "utf8"))?.[1] ?? "1.25";
}

function engineModule(): string {
  return join(packageRoot(), "src", "engine", "go", "cli");
}

function ownGoDir(): string {
  return join(cacheDir(), "go");
}

/**
 * Returns environment variables for Go. These variables put Go's caches in Muster's cache folder unless the environment
 * sets other folders.
 */
export function goEnv(): Record<string, string> {
  const own = {
    GOPATH: ownGoDir(),
    GOMODCACHE: join(ownGoDir(), "modules"),
    GOCACHE: join(ownGoDir(), "build"),
  };
  const unset = Object.entries(own).filter(([name]) => !process.env[name]);
  return { ...Object.fromEntries(unset), GOWORK: "off", CGO_ENABLED: "0" };
}

/**
 * Removes Go's caches in Muster's cache folder. Go makes its module cache read-only, so Go itself must remove
 * that cache.
 */
export async function removeOwnCaches(go: string): Promise<void> {
  if (!existsSync(ownGoDir())) return;
  if (!process.env["GOMODCACHE"]) await execa(go, ["clean", "-modcache"], { env: goEnv(), reject: false });
  rmSync(ownGoDir(), { recursive: true, force: true });
}
