import { relative, resolve } from "node:path";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { projectDir } from "../../base/paths.ts";
import { visible } from "../../base/terminal-text.ts";
import { openStackConfig, stderrProgress } from "../../engine/index.ts";
import { foundDroplet } from "../../host-kinds/droplet/import.ts";
import type { FoundHost } from "../../host-kinds/imported-host.ts";
import { foundSshHost } from "../../host-kinds/ssh/import.ts";
import { IDENTITY_FILES } from "../../runtimes/identity-files.ts";
import { scan } from "../../transport/scan.ts";
import type { CommandDefinition, Given, Io } from "../command.ts";
import { fingerprintOf } from "../import/fingerprint.ts";
import { parseScan } from "../import/parse-scan.ts";
import { type Proposal, proposalOf } from "../import/proposal.ts";
import { scanScript } from "../import/scan-script.ts";
import { writeProposal } from "../import/write-proposal.ts";

/** Seconds; as for a host that fleet.yaml declares. */
const CONNECT_TIMEOUT = 10;

export const command: CommandDefinition = {
  usage: "import <what> <name>",
  summary:
    "read a host that runs agents already into a fleet.yaml: `import host NAME --ssh ADDRESS` or `--droplet NUMBER`; changes nothing",
  options: {
    "--ssh <address>": "a host name, an address or an alias of your ssh_config",
    "--droplet <number>": "a droplet of your DigitalOcean account, by its number",
    "--stack <name>": "whose token of DigitalOcean is used, where that is not the selected stack's",
    "--user <login>": "root, or one that may `sudo -n`",
    "--port <port>": "of its sshd",
    "--identity-file <path>": "a private key",
    "--tenant <name>": "the tenant of its agents",
    "--out <dir>": "the folder to write; imported/NAME where nothing is said",
  },
  async run({ args: [what = "", name = ""], options, io }) {
    checkAsked(what, name, options);
    const { target, declared } = await foundHost(name, options);
    const { answer, hostKeys } = await scan(target, scanScript(IDENTITY_FILES), {
      as: "root",
      mayMeet: true,
    });
    const seen = parseScan(answer);
    if (seen.foreign !== undefined) throw withoutSystemd(name, seen.foreign);
    const proposal = proposalOf(declared(hostKeys), seen, textOf(options["tenant"]));
    const dir = resolve(textOf(options["out"]) ?? `imported/${name}`);
    const problems = writeProposal(dir, proposal);
    tell(io, relative(process.cwd(), dir), hostKeys, proposal, problems);
    return [];
  },
};

function checkAsked(what: string, name: string, options: Given["options"]): void {
  const [address, droplet] = [textOf(options["ssh"]), textOf(options["droplet"])];
  const isOne = (address === undefined) !== (droplet === undefined);
  if (what !== "host" || !isOne || address?.startsWith("-")) {
    throw new InvalidError({
      what: `import ${what} ${name}`,
      why: "what can be imported is a host that is reached by SSH, or a droplet.",
      next: "`npx fleet import host NAME --ssh ADDRESS`, or `--droplet NUMBER`",
    });
  }
  if (!/^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/.test(name)) {
    const why = "a host's name is 1 to 31 lower-case letters, digits or '-', a letter first.";
    throw new InvalidError({ what: `the name ${JSON.stringify(name)}`, why });
  }
}

async function foundHost(name: string, options: Given["options"]): Promise<FoundHost> {
  const [port, user, identityFile] = ["port", "user", "identityFile"].map((key) => textOf(options[key]));
  const login = {
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile: resolve(identityFile) }),
    connectTimeout: CONNECT_TIMEOUT,
  };
  const number = textOf(options["droplet"]);
  if (number !== undefined) {
    const config = openStackConfig(projectDir(), textOf(options["stack"]), stderrProgress());
    return foundDroplet(name, number, login, config);
  }
  return foundSshHost(name, textOf(options["ssh"]) ?? "", login);
}

function withoutSystemd(name: string, system: string): MusterError {
  return new MusterError({
    where: name,
    what: "it cannot have agents",
    why: `it is a ${system} without systemd.`,
    next: "docs/host-kinds.md says what such a host can be.",
  });
}

function tell(
  io: Io,
  dir: string,
  hostKeys: readonly string[],
  { notes, left, secrets }: Proposal,
  problems: readonly string[],
): void {
  const lines = [
    `${dir}/fleet.yaml declares what is there; nothing was changed on the host.`,
    "Its host keys, which you should compare with those that it itself shows (`ssh-keygen -lf`):",
    ...hostKeys.map((key) => `  ${fingerprintOf(key)}`),
    ...section("Before `npx pulumi up`:", notes),
    ...section("Not declared, and left as it is:", left),
    ...section(
      "Secrets, whose values were not read:",
      secrets.map((name) => `npx pulumi config set --secret muster:${name}`),
    ),
    ...section("To be settled in it first:", problems),
  ];
  io.out(`${lines.map(visible).join("\n")}\n`);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

function textOf(option: string | boolean | undefined): string | undefined {
  return typeof option === "string" ? option : undefined;
}
