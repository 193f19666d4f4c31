import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Call } from "../serve/plugin.ts";
import { isMap, type Properties } from "../serve/values.ts";
import { commandType } from "./command-type.ts";
import { previousOutput, runShown } from "./run-program.ts";

/** The vendor's defaults for a connection. */
const CONNECTION: Properties = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/**
 * `command:remote:Command`, over the system's OpenSSH. It opens a connection and runs the command over this connection.
 */
export const remoteCommand = commandType({
  required: ["connection"],
  completed: (inputs) => {
    const { connection } = inputs;
    return isMap(connection) ? { ...inputs, connection: { ...CONNECTION, ...connection } } : inputs;
  },
  run: async (command, state, call) => {
    const dir = mkdtempSync(join(tmpdir(), "pulumi-command-"));
    const line = lineTo(state["connection"] as Properties, dir);
    try {
      await dial(line, state["connection"] as Properties, call);
      const env = environmentOf(state, call);
      const send = Object.keys(env).flatMap((name) => ["-o", `SendEnv=${name}`]);
      return await runShown(["ssh", ...send, ...line, command], command, state, call, { env });
    } finally {
      await execa("ssh", ["-O", "exit", ...line], { reject: false });
      rmSync(dir, { recursive: true, force: true });
    }
  },
});

/** Returns the arguments of ssh up to the address. Keys are in files that only this user can read. */
function lineTo(connection: Properties, dir: string): string[] {
  const { host, user, port, privateKey, hostKey, perDialTimeout, password, proxy, agentSocketPath } =
    connection;
  for (const [name, value] of Object.entries({ password, proxy })) {
    if (value !== undefined) throw new Error(`this stand-in knows no connection.${name}`);
  }
  const known = join(dir, "known_hosts");
  const named = port === 22 ? host : `[${host}]:${port}`;
  writeFileSync(known, hostKey === undefined ? "" : `${named} ${String(hostKey).trim()}\n`);
  const options = {
    BatchMode: "yes",
    LogLevel: "ERROR",
    ControlPath: join(dir, "master"),
    ConnectTimeout: perDialTimeout,
    Port: port,
    User: user,
    UserKnownHostsFile: known,
    GlobalKnownHostsFile: "/dev/null",
    // Without a declared host key, the vendor's plugin accepts any host key.
    StrictHostKeyChecking: hostKey === undefined ? "no" : "yes",
    // The vendor's client accepts only the algorithm that has the name of the key's type.
    ...(hostKey === undefined ? {} : { HostKeyAlgorithms: String(hostKey).trim().split(" ")[0] }),
    ...(agentSocketPath === undefined ? {} : { IdentityAgent: agentSocketPath }),
  };
  const key = join(dir, "key");
  if (privateKey !== undefined) writeFileSync(key, `${String(privateKey).trimEnd()}\n`, { mode: 0o600 });
  const identity = privateKey === undefined ? [] : ["-i", key, "-o", "IdentitiesOnly=yes"];
  const set = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", ...identity, ...set, String(host)];
}

/** Milliseconds between attempts. Each pause is 1.5 times as long as the previous pause, up to 5 s. */
const [FIRST_DELAY, FACTOR, LONGEST] = [100, 1.5, 5000];

async function dial(line: readonly string[], connection: Properties, call: Call): Promise<void> {
  const limit = Number(connection["dialErrorLimit"]);
  for (let tries = 0, delay = FIRST_DELAY; ; tries++, delay = Math.min(delay * FACTOR, LONGEST)) {
    // The background process of the shared connection would keep the pipes open.
    const { exitCode, stderr } = await execa(
      "ssh",
      ["-o", "ControlMaster=yes", "-o", "ControlPersist=yes", ...line, "true"],
      {
        reject: false,
        stdin: "ignore",
      },
    );
    if (exitCode === 0) return;
    if (call.signal.aborted) throw new Error("context canceled");
    if (limit > -1 && tries + 1 > limit) throw new Error(`after ${tries} failed attempts: ${stderr.trim()}`);
    call.log("info", `Dial ${tries + 1}/${limit === -1 ? "inf" : limit} failed: retrying`);
    await sleep(delay);
  }
}

/** The variables that Debian's sshd accepts (AcceptEnv). The vendor's plugin fails if a variable is refused. */
const ACCEPTED = /^(?:LANG|LC_\w*)$/;

function environmentOf(state: Properties, call: Call): Record<string, string> {
  const given = (state["environment"] ?? {}) as Record<string, string>;
  const refused = Object.keys(given).find((name) => !ACCEPTED.test(name));
  if (refused !== undefined) {
    throw new Error(`could not set environment variable "${refused}": ssh: setenv failed`);
  }
  for (const name of Object.keys(previousOutput(state))) {
    const why = "This only works if your SSH server is configured to accept these variables via AcceptEnv.";
    call.log("warning", `Unable to set '${name}'. ${why}`);
  }
  return given;
}
