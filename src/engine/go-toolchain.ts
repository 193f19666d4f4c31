import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { MusterError } from "../base/errors.ts";
import { cacheDir, packageRoot } from "../base/paths.ts";
import { atLeast } from "./engine-version.ts";
import { onPath } from "./find-engine.ts";

/** Where Go's own installer puts it: found there even if PATH does not name it. */
const GO_PLACES = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go"];

/**
 * The Go that a build would use.
 *
 * @throws MusterError that says what to install
 */
export async function usableGo(): Promise<string> {
  const wanted = wantedGo();
  const go = [...onPath("go"), ...GO_PLACES.filter((file) => existsSync(file))][0];
  const next = `Install Go ${wanted} or newer (https://go.dev/dl, or \`apt-get install golang-go\` where it is new enough).`;
  const what = "the Pulumi engine cannot be built";
  if (go === undefined) throw new MusterError({ what, why: "no Go was found.", next });
  const { stdout, failed } = await execa(go, ["version"], {
    cwd: engineModule(),
    env: goEnv(),
    reject: false,
  });
  if (!failed && atLeast(stdout, wanted)) return go;
  throw new MusterError({ what, why: `${go} is older than Go ${wanted}.`, next });
}

/** Go asks for this version itself: the `go` line of the module. */
function wantedGo(): string {
  return /^go (\S+)$/m.exec(readFileSync(join(engineModule(), "go.mod"), "utf8"))?.[1] ?? "1.25";
}

function engineModule(): string {
  return join(packageRoot(), "src", "engine", "go", "cli");
}

function ownGoDir(): string {
  return join(cacheDir(), "go");
}

/** The environment of every call of Go: its caches lie in ours unless the environment names others. */
export function goEnv(): Record<string, string> {
  const own = {
    GOPATH: ownGoDir(),
    GOMODCACHE: join(ownGoDir(), "modules"),
    GOCACHE: join(ownGoDir(), "build"),
  };
  const unset = Object.entries(own).filter(([name]) => !process.env[name]);
  return { ...Object.fromEntries(unset), GOWORK: "off", CGO_ENABLED: "0" };
}

/** Removes the caches of a build that went well. Go makes its module cache read-only, so Go itself has to. */
export async function removeOwnCaches(go: string): Promise<void> {
  if (!existsSync(ownGoDir())) return;
  if (!process.env["GOMODCACHE"]) await execa(go, ["clean", "-modcache"], { env: goEnv(), reject: false });
  rmSync(ownGoDir(), { recursive: true, force: true });
}
