import { createReadStream } from "node:fs";
import type { Channel } from "./channel.ts";
import { INSTALL_SCRIPT } from "./install-script.ts";
import { type Packed, packed } from "./packed-runtime.ts";
import type { RemoteDirs } from "./remote-command.ts";
import { type Arch, NODE_PACKAGES, type RuntimeFiles } from "./runtime-files.ts";
import { scriptFailure, scriptSteps } from "./script-steps.ts";
import type { Target } from "./target.ts";

/** Seconds for the pieces to arrive: 50 MB at some 80 kB/s. */
const UPLOAD_SECONDS = 600;
/** Seconds for any other step, among them the 300 s that another install's lock is waited for. */
const STEP_SECONDS = 330;
/** What `dd` on the host takes at once; the rest is read byte by byte. */
const BLOCK = 65_536;

const FAILED = "the host runtime could not be installed";

/**
 * Installs the wanted runtime over a root shell, sending only the pieces that the host lacks. The channel
 * is the new runtime's afterwards.
 *
 * @param arch the host's machine, as `uname -m` names it
 * @returns the runtime's hello, as the host wrote it
 * @throws RuntimeError "install" with what the host said, such as that its disk is full
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
      `it is a ${arch} machine, and Node is pinned for ${known} alone`,
      "",
    );
  }
  const next = `Run \`npm install --no-save --force ${name}@${version}\`, then \`npx pulumi up\`.`;
  return scriptFailure(target, FAILED, `it is a ${arch} machine, whose Node npm did not install here`, next);
}

async function sendAll(channel: Channel, pieces: readonly Packed[]): Promise<void> {
  for (const piece of pieces) {
    channel.write(`${Math.floor(piece.size / BLOCK)} ${piece.size % BLOCK}\n`);
    await channel.send(createReadStream(piece.path));
  }
}
