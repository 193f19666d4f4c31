import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Target } from "../../../src/transport/target.ts";

/** A real sshd on loopback. Its own client key can log in as root. */
export interface Sshd {
  readonly dir: string;
  /** Returns the target for the login with this name. */
  target(login: string, over?: Partial<Target>): Target;
  /** Returns the number of accepted logins. */
  logins(): number;
  /** Cuts all open connections, like a lost network. */
  cut(): void;
  stop(): Promise<void>;
}

/**
 * Starts sshd with one port for each login.
 *
 * @param logins the command that sshd runs instead of the client's command, by login. The client's command is in
 * SSH_ORIGINAL_COMMAND. For undefined, sshd runs the client's command.
 * @param maxSessions the number of sessions that sshd allows for each connection
 */
export async function startSshd(
  logins: Readonly<Record<string, string | undefined>>,
  maxSessions = 1,
): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), "muster-sshd-"));
  for (const key of ["host", "client"]) await makeKey(join(dir, key));
  copyFileSync(join(dir, "client.pub"), join(dir, "authorized_keys"));
  const ports = Object.fromEntries(
    await Promise.all(Object.keys(logins).map(async (name) => [name, await freePort()] as const)),
  );
  writeFileSync(join(dir, "sshd_config"), configText(dir, logins, ports, maxSessions));
  mkdirSync("/run/sshd", { recursive: true });
  const sshd = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", join(dir, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  sshd.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  for (const port of Object.values(ports)) await listening(port);
  const hostKeys = [readFileSync(join(dir, "host.pub"), "utf8").split(" ").slice(0, 2).join(" ")];
  return {
    dir,
    target: (login, over) => ({
      name: login,
      kind: "ssh",
      address: "127.0.0.1",
      port: ports[login] as number,
      user: "root",
      identityFile: join(dir, "client"),
      hostKeys,
      connectTimeout: 5,
      ...over,
    }),
    logins: () => log.split("Accepted publickey").length - 1,
    cut: () => {
      const children = readFileSync(`/proc/${sshd.pid}/task/${sshd.pid}/children`, "utf8");
      for (const pid of children.split(" ").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
    },
    stop: async () => {
      sshd.kill();
      await once(sshd, "exit");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Creates a key pair without a passphrase. */
export async function makeKey(path: string): Promise<void> {
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
  chmodSync(path, 0o600);
}

/** Returns a loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

function configText(
  dir: string,
  logins: Readonly<Record<string, string | undefined>>,
  ports: Readonly<Record<string, number>>,
  maxSessions: number,
): string {
  const matches = Object.entries(logins).flatMap(([name, command]) =>
    command === undefined ? [] : [`Match LocalPort ${ports[name]}`, `ForceCommand ${command}`],
  );
  return [
    ...Object.values(ports).map((port) => `Port ${port}`),
    "ListenAddress 127.0.0.1",
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/authorized_keys`,
    `PidFile ${dir}/pid`,
    "PermitRootLogin yes",
    "StrictModes no",
    "UsePAM no",
    `MaxSessions ${maxSessions}`,
    ...matches,
    "",
  ].join("\n");
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(`sshd does not listen on port ${port}`);
}
