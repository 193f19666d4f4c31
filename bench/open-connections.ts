import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** The connections that the commands of one project, and plain ssh, leave open. */
export interface OpenConnections {
  /** The options with which plain ssh leaves its connections open. */
  readonly plainSsh: readonly string[];
  /** The environment in which the commands run, so that no other commands share their connections. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the open connections of the project's commands, so that the next command opens new ones. */
  close(): Promise<void>;
  /** Ends all open connections and removes their folder. */
  remove(): Promise<void>;
}

export function openConnections(): OpenConnections {
  const dir = mkdtempSync("/tmp/muster-bench-");
  const folder = join(dir, `muster-ssh-${process.getuid?.()}`);
  const plain = join(dir, "plain");
  mkdirSync(plain);
  const socketsIn = (path: string) =>
    existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
  const end = (socket: string) => execa("ssh", ["-S", socket, "-O", "exit", "muster"], { reject: false });
  const endAll = async (...folders: string[]) =>
    void (await Promise.all(folders.flatMap(socketsIn).map(end)));
  return {
    plainSsh: ["ControlMaster=auto", `ControlPath=${plain}/%C`, "ControlPersist=60"].flatMap((one) => [
      "-o",
      one,
    ]),
    env: { XDG_RUNTIME_DIR: dir },
    close: () => endAll(folder),
    remove: async () => {
      await endAll(folder, plain);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
