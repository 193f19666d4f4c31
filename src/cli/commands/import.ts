import { createHash } from "node:crypto";
import { relative, resolve } from "node:path";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { projectDir } from "../../base/muster-folders.ts";
import { visible } from "../../base/terminal-text.ts";
import { openStackConfig, stderrProgress } from "../../engine/index.ts";
import { foundDroplet } from "../../host-kinds/droplet/import.ts";
import type { FoundHost } from "../../host-kinds/import-types.ts";
import { foundSshHost } from "../../host-kinds/ssh/import.ts";
import { scan } from "../../transport/run-read-only-script.ts";
import { type CommandDefinition, type CommandInput, type Io, textOption } from "../command.ts";
import { parseScan } from "../import/parse-scan.ts";
import { type Proposal, proposalOf } from "../import/proposal.ts";
import { READ_FILES } from "../import/propose-identity.ts";
import { scanScript } from "../import/scan-script/index.ts";
import { writeProposal } from "../import/write-proposal.ts";

/** The connection timeout in seconds, which is the default of `connectTimeout` in fleet.yaml. */
const CONNECT_TIMEOUT = 10;

export const command: CommandDefinition = {
  usage: "import <what> <name>",
  summary:
    "write a fleet.yaml for a host that already runs agents: `import host NAME --ssh ADDRESS` or `--droplet NUMBER`; changes nothing on the host",
  options: {
    "--ssh <address>": "a host name, an address or an alias in your ssh_config",
    "--droplet <number>": "the number of a droplet in your DigitalOcean account",
    "--stack <name>": "use this stack's DigitalOcean token instead of the selected stack's token",
    "--user <login>": "the login: root, or a user that may run `sudo -n`",
    "--port <port>": "the port of the host's sshd",
    "--identity-file <path>": "the private key to log in with",
    "--tenant <name>": "the tenant of the host's agents",
    "--out <dir>": "the folder to write (default: imported/NAME)",
  },
  async run({ args: [what = "", name = ""], options, io }) {
    checkArguments(what, name, options);
    const { target, declared } = await foundHost(name, options);
    const { answer, hostKeys } = await scan(target, scanScript(READ_FILES), {
      as: "root",
      allowFirstContact: true,
    });
    const seen = parseScan(answer);
    if (seen.foreign !== undefined) throw withoutSystemd(name, seen.foreign);
    if (!seen.isComplete) throw incomplete(name);
    const proposal = proposalOf(declared(hostKeys), seen, textOption(options["tenant"]));
    const dir = resolve(textOption(options["out"]) ?? `imported/${name}`);
    const problems = writeProposal(dir, proposal);
    printResult(io, relative(process.cwd(), dir), hostKeys, proposal, problems);
    return [];
  },
};

function checkArguments(what: string, name: string, options: CommandInput["options"]): void {
  const [address, droplet] = [textOption(options["ssh"]), textOption(options["droplet"])];
  const isOne = (address === undefined) !== (droplet === undefined);
  if (what !== "host" || !isOne || address?.startsWith("-")) {
    throw new InvalidError({
      what: `import ${what} ${name}`,
      why: "only a droplet or a host that SSH can reach can be imported.",
      next: "Run `npx fleet import host NAME --ssh ADDRESS`, or use `--droplet NUMBER`.",
    });
  }
  if (!/^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/.test(name)) {
    const why = "a host's name has 1 to 31 lower-case letters, digits or '-', and begins with a letter.";
    throw new InvalidError({ what: `the name ${JSON.stringify(name)}`, why });
  }
}

async function foundHost(name: string, options: CommandInput["options"]): Promise<FoundHost> {
  const [port, user, identityFile] = ["port", "user", "identityFile"].map((key) => textOption(options[key]));
  const login = {
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile: resolve(identityFile) }),
    connectTimeout: CONNECT_TIMEOUT,
  };
  const number = textOption(options["droplet"]);
  if (number !== undefined) {
    const config = openStackConfig(projectDir(), textOption(options["stack"]), stderrProgress());
    return foundDroplet(name, number, login, config);
  }
  return foundSshHost(name, textOption(options["ssh"]) ?? "", login);
}

function withoutSystemd(name: string, system: string): MusterError {
  return new MusterError({
    where: name,
    what: "it cannot have agents",
    why: `it runs ${system} without systemd.`,
    next: "docs/host-kinds.md describes what Muster can do with such a host.",
  });
}

function incomplete(name: string): MusterError {
  return new MusterError({
    where: name,
    what: "it was not imported",
    why: "the host did not answer completely, so something that runs there could be missing in the proposal.",
    next: "Import it again. If this happens again, check the disk and the memory of the host.",
  });
}

function printResult(
  io: Io,
  dir: string,
  hostKeys: readonly string[],
  { notes, left, secrets }: Proposal,
  problems: readonly string[],
): void {
  const lines = [
    `${dir}/fleet.yaml declares what was found; nothing was changed on the host.`,
    "The host's keys; compare them with the keys that `ssh-keygen -lf` shows on the host itself:",
    ...hostKeys.map((key) => `  ${fingerprintOf(key)}`),
    ...section("Before `npx pulumi up`:", notes),
    ...section("Not declared, and left unchanged:", left),
    ...section(
      "Set these secrets; their values were neither written nor printed:",
      secrets.map((name) => `npx pulumi config set --secret muster:${name}`),
    ),
    ...section("Fix these problems in fleet.yaml first:", problems),
  ];
  io.out(`${lines.map(visible).join("\n")}\n`);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

/** Returns the fingerprint of a public key as `ssh-keygen -l` prints it: `ssh-ed25519 SHA256:…`. */
function fingerprintOf(key: string): string {
  const [type = "", bytes = ""] = key.split(" ");
  const sum = createHash("sha256").update(Buffer.from(bytes, "base64")).digest("base64").replace(/=+$/, "");
  return `${type} SHA256:${sum}`;
}
