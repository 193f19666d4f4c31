import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { MusterError } from "../base/errors.ts";
import { cacheDir, packageRoot } from "../base/paths.ts";
import { atLeast } from "./engine-version.ts";
import { onPath } from "./find-engine.ts";

/** Where Go's installer and distributions put Go; used if PATH has none. */
const GO_PLACES = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go"];

/** Finds the Go that a build would use. @throws MusterError that says what to install */
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

/** Returns the oldest Go version that can build the engine, from the `go` line in go.mod. */
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
 * Returns the variables for a call of Go: its caches are in Muster's cache folder unless the environment sets
 * others.
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
 * Removes the caches after a successful build. Go makes its module cache read-only, so Go must remove that
 * one.
 */
export async function removeOwnCaches(go: string): Promise<void> {
  if (!existsSync(ownGoDir())) return;
  if (!process.env["GOMODCACHE"]) await execa(go, ["clean", "-modcache"], { env: goEnv(), reject: false });
  rmSync(ownGoDir(), { recursive: true, force: true });
}
