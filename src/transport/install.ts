import { createReadStream } from "node:fs";
import type { Channel } from "./channel.ts";
import { INSTALL_SCRIPT, UNINSTALL_SCRIPT } from "./install-script.ts";
import { type Packed, packed } from "./packed-file.ts";
import type { RemoteDirs } from "./remote-command.ts";
import { type Arch, NODE_PACKAGES, type RuntimeFiles } from "./runtime-files.ts";
import { scriptFailure, scriptSteps } from "./script-steps.ts";
import type { Target } from "./target.ts";

/** The maximum time in seconds to send the files. This time is enough for 50 MB at 80 kB/s. */
const UPLOAD_SECONDS = 600;
/**
 * The maximum time in seconds for any other step. The script itself waits up to 300 s for the lock of another
 * installation.
 */
const STEP_SECONDS = 330;
/** The number of bytes that `dd` on the host reads at once. The remaining bytes are read one by one. */
const BLOCK = 65_536;

const FAILED = "the host runtime could not be installed";

/**
 * Installs the required runtime through a root shell. Sends only the files that are missing on the host.
 * Afterwards, the channel is connected to the new runtime.
 *
 * @param arch the architecture of the host, as `uname -m` prints it
 * @returns the first answer of the new runtime, which is not parsed
 * @throws RuntimeError "install" with the message from the host, for example that the disk is full
 */
export async function install(
  channel: Channel,
  target: Target,
  arch: string,
  runtime: RuntimeFiles,
  dirs: RemoteDirs,
): Promise<string> {
  const pieces = await pack(target, arch, runtime);
  const step = scriptSteps(channel, target, FAILED);
  await step(STEP_SECONDS, () => channel.write(INSTALL_SCRIPT));
  const { bundle, node } = pieces;
  const wanted = [
    dirs.runtime,
    runtime.bundleHash,
    bundle.sha256,
    runtime.node.version,
    node.sha256,
    dirs.systemd,
  ];
  const answer = await step(STEP_SECONDS, () => channel.write(`${wanted.join(" ")}\n`));
  if (!answer.startsWith("send ")) return answer;
  const missing = answer.split(" ").slice(1) as (keyof typeof pieces)[];
  return step(
    UPLOAD_SECONDS,
    () =>
      void sendAll(
        channel,
        missing.map((name) => pieces[name]),
      ),
  );
}

async function pack(
  target: Target,
  arch: string,
  runtime: RuntimeFiles,
): Promise<Record<"bundle" | "node", Packed>> {
  const { version, archFiles } = runtime.node;
  const file = archFiles[arch as Arch];
  if (file === undefined) throw noNode(target, arch, version);
  const [bundle, node] = await Promise.all([
    packed(runtime.bundle, `bundle-${runtime.bundleHash}`),
    packed(file, `node-${version}-${arch}`),
  ]);
  return { bundle, node };
}

function noNode(target: Target, arch: string, version: string): Error {
  const name = NODE_PACKAGES[arch as Arch];
  if (name === undefined) {
    const known = Object.keys(NODE_PACKAGES).join(" and ");
    return scriptFailure(
      target,
      FAILED,
      `its architecture is ${arch}, but Muster only supports ${known}`,
      "",
    );
  }
  const next = `Run \`npm install --no-save --force ${name}@${version}\`, then \`npx pulumi up\`.`;
  return scriptFailure(
    target,
    FAILED,
    `its architecture is ${arch}, and npm has not installed Node for it here`,
    next,
  );
}

async function sendAll(channel: Channel, pieces: readonly Packed[]): Promise<void> {
  for (const piece of pieces) {
    channel.write(`${Math.floor(piece.size / BLOCK)} ${piece.size % BLOCK}\n`);
    await channel.send(createReadStream(piece.path));
  }
}

/** The maximum time in seconds for each step of the removal. */
const UNINSTALL_SECONDS = 60;

/**
 * Removes the runtime and its state through a root shell. Removes nothing if the host still has records of
 * resources.
 */
export async function uninstall(channel: Channel, target: Target, dirs: RemoteDirs): Promise<void> {
  const step = scriptSteps(channel, target, "the host runtime could not be removed");
  await step(UNINSTALL_SECONDS, () => channel.write(UNINSTALL_SCRIPT));
  await step(UNINSTALL_SECONDS, () => channel.write(`${dirs.runtime} ${dirs.state} ${dirs.lock}\n`));
}
