import { relative, resolve } from "node:path";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { IDENTITY_FILES } from "../../runtimes/identity-files.ts";
import { scan } from "../../transport/scan.ts";
import type { CommandDefinition, Given, Io } from "../command.ts";
import { fingerprintOf } from "../import/fingerprint.ts";
import { type ImportedHost, type Proposal, proposalOf } from "../import/proposal.ts";
import { scanScript } from "../import/scan-script.ts";
import { parseScan } from "../import/scanned.ts";
import { writeProposal } from "../import/write.ts";
import { visible } from "../render/text.ts";

/** Seconds; as for a host that fleet.yaml declares. */
const CONNECT_TIMEOUT = 10;

export const command: CommandDefinition = {
  usage: "import <what> <name>",
  summary:
    "read a host that runs agents already into a fleet.yaml: `import host NAME --ssh ADDRESS`; changes nothing",
  options: {
    "--ssh <address>": "a host name, an address or an alias of your ssh_config",
    "--user <login>": "root, or one that may `sudo -n`",
    "--port <port>": "of its sshd",
    "--identity-file <path>": "a private key",
    "--tenant <name>": "the tenant of its agents",
    "--out <dir>": "the folder to write; imported/NAME where nothing is said",
  },
  async run({ args: [what = "", name = ""], options, io }) {
    const host = hostOf(what, name, options);
    const { answer, hostKeys } = await scan(
      { ...host, kind: "ssh", connectTimeout: CONNECT_TIMEOUT },
      scanScript(IDENTITY_FILES),
      { as: "root", mayMeet: true },
    );
    const seen = parseScan(answer);
    if (seen.foreign !== undefined) throw withoutSystemd(name, seen.foreign);
    const proposal = proposalOf({ ...host, hostKeys }, seen, textOf(options["tenant"]));
    const dir = resolve(textOf(options["out"]) ?? `imported/${name}`);
    const problems = writeProposal(dir, proposal);
    tell(io, relative(process.cwd(), dir), hostKeys, proposal, problems);
    return [];
  },
};

function hostOf(what: string, name: string, options: Given["options"]): ImportedHost {
  const address = textOf(options["ssh"]);
  const [port, user, identityFile] = ["port", "user", "identityFile"].map((key) => textOf(options[key]));
  if (what !== "host" || address === undefined || address.startsWith("-")) {
    throw new InvalidError({
      what: `import ${what} ${name}`,
      why: "what can be imported is a host that is reached by SSH.",
      next: "`npx fleet import host NAME --ssh ADDRESS`",
    });
  }
  if (!/^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/.test(name)) {
    const why = "a host's name is 1 to 31 lower-case letters, digits or '-', a letter first.";
    throw new InvalidError({ what: `the name ${JSON.stringify(name)}`, why });
  }
  return {
    name,
    address,
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile: resolve(identityFile) }),
    hostKeys: [],
  };
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
