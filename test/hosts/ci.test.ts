import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
import { HOSTD_DIR } from "../../src/model/host-paths.ts";
import type { ObserveAnswer } from "../../src/model/protocol.ts";
import { type ForgeDouble, startForge } from "../doubles/forge.ts";
import { type CiCheckout, makeCiCheckout } from "./support/ci-checkout.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { type Link, linkOf } from "./support/host-link.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { makeKey } from "./support/sshd.ts";

const LAYOUT = { hosts: ["hub", "east"], agents: { hub: ["iris", "loom"], east: ["forge"] } };

/** The parsed fleet.yaml. In this file, the agents loom and iris run on the same host for different tenants. */
type FleetFile = Record<string, unknown> & {
  agents: Record<string, Record<string, unknown>>;
  identities: Record<string, Record<string, unknown>>;
};

let project: Project;
let checkout: CiCheckout;
let forge: ForgeDouble;
let east: Link;
let keys: string;
let key: string;
let arcKey: string;
let committed: FleetFile;

beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  for (const name of ["ci", "arc"]) await makeKey(join(keys, name));
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as FleetFile;
  fleet["tenants"] = { arc: {}, lab: {} };
  (fleet.agents["loom"] ?? {})["tenant"] = "lab";
  fleet["readers"] = { ci: { key: publicKey("ci") }, arc: { key: publicKey("arc"), tenant: "arc" } };
  project = await makeProject({ ...files, "fleet.yaml": stringify(fleet) }, secretsFor(LAYOUT));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  east = await linkOf(project, "east");
  const hosts = addresses();
  const reached = ([name, { address }]: [string, Known]) => [
    name,
    { kind: "ssh", address, connectTimeout: 3 },
  ];
  committed = { ...fleet, hosts: Object.fromEntries(Object.entries(hosts).map(reached)) };
  const known = ([name, { address, hostKeys }]: [string, Known]) => [name, { address, hostKeys }];
  checkout = makeCiCheckout({
    ...files,
    "fleet.yaml": stringify(committed),
    "stacks/inventory.yaml": stringify({ hosts: Object.fromEntries(Object.entries(hosts).map(known)) }),
  });
  [key, arcKey] = [checkout.key(join(keys, "ci")), checkout.key(join(keys, "arc"))];
  forge = await startForge("gitea");
});

afterAll(async () => {
  await east?.restore();
  await forge?.stop();
  checkout?.dispose();
  await project?.dispose();
  if (keys) rmSync(keys, { recursive: true });
});

interface Known {
  readonly address: string;
  readonly hostKeys: readonly string[];
}

function addresses(): Record<string, Known> {
  const inventory = parse(readFileSync(join(project.dir, "stacks/inventory.local.yaml"), "utf8"));
  return (inventory as { hosts: Record<string, Known> }).hosts;
}

function publicKey(name: string): string {
  return readFileSync(join(keys, `${name}.pub`), "utf8").trim();
}

const env = () => ({ ...forge.env, GITHUB_WORKSPACE: checkout.dir, GITHUB_REF: "refs/pull/7/head" });
const issue = (more: Readonly<Record<string, string>> = {}) =>
  checkout.fleet(["ci", "issue", "--reader", "ci", "--key", key], { ...env(), ...more });
const comment = (dir: string) =>
  checkout.fleet(["ci", "comment", dir, "--reader", "ci", "--key", key], env());
const restore = () => must(project.pulumi(["up", "--yes", "--skip-preview"]));

/**
 * Lists all files that Muster writes on a host, with their timestamps. Files that only the deadman writes are omitted.
 */
const hostTree = (host: string) =>
  project.onHost(
    host,
    `find /var/lib/muster /usr/local/lib/muster /etc /home ! -path ${HOSTD_DIR} ! -path '${HOSTD_DIR}/[mh]*' \
       -printf '%p %s %T@ %C@\\n' | sort`,
  );

describe("a CI workflow that runs as an unprivileged user in a read-only checkout", () => {
  test("prints one line for a fleet without drift, and writes no file", async () => {
    const before = [checkout.tree(), await hostTree("hub"), await hostTree("east")];
    const { stdout } = await must(issue());
    expect(stdout).toBe("2 hosts, 3 agents: no drift");
    expect(forge.issues).toEqual([]);
    for (const format of ["--json", "--markdown"]) {
      await must(checkout.fleet(["drift", "--reader", "ci", "--key", key, format]));
    }
    expect([checkout.tree(), await hostTree("hub"), await hostTree("east")]).toEqual(before);
    expect(
      ["node_modules/.muster", ".muster", "stacks/test.passphrase"].some((path) =>
        existsSync(join(checkout.dir, path)),
      ),
    ).toBe(false);
  });

  test("opens one issue for drift, with the changed lines and without values of secrets", async () => {
    await project.onHost("hub", "echo 'I am @all <img src=x> | ```' >> /home/iris/SOUL.md");
    await project.onHost("hub", "printf stolen-value > /var/lib/muster/credentials/iris/iris-key");
    const { stdout } = await must(issue(), 7);
    await must(issue(), 7);
    expect(stdout).toMatch(/iris +SOUL\.md +content .*changed on the host/);
    expect(stdout).toMatch(/iris +iris-key +content +declared as declared +observed different/);
    expect(forge.issues).toMatchObject([{ title: "Drift of test", state: "open" }]);
    const { body = "" } = forge.issues[0] ?? {};
    expect(body).toContain("````diff\n+I am @all <img src=x> | ```\n````");
    expect(body + stdout).not.toMatch(/stolen|hmac|secret:/);
  });

  test("lists the effects of a pull request in a comment, separately from existing drift", async () => {
    const { identities, agents } = committed;
    const soul = "# iris\n\nI am iris, and strict.\n";
    const dir = checkout.beside("change", {
      "identities/iris.md": soul,
      "fleet.yaml": stringify({
        ...committed,
        agents: { iris: agents["iris"], loom: agents["loom"] },
        identities: { iris: identities["iris"], loom: identities["loom"] },
        contacts: { iris: {}, loom: {} },
      }),
    });
    const { stdout } = await must(comment(dir), 7);
    const [doing = "", now = ""] = stdout.split("The hosts now:");
    expect(doing).toMatch(/- +forge +Agent +east\/forge\/agent/);
    expect(doing).toContain("line 3: I am iris. -> line 3: I am iris, and strict.");
    expect(now).toMatch(/iris +SOUL\.md +content/);
    expect(now).not.toContain("strict");
    expect(forge.comments).toMatchObject([{ on: 7 }]);
    expect(forge.comments[0]?.body).toContain("-I am iris.\n+I am iris, and strict.");
  });

  test("explains in a comment why a pull request is invalid", async () => {
    const broken = stringify({
      ...committed,
      agents: { iris: { ...committed.agents["iris"], host: "hubb" } },
    });
    const dir = checkout.beside("broken", { "fleet.yaml": broken });
    const { stdout } = await must(comment(dir), 2);
    expect(stdout).toContain('did you mean "hub"?');
    expect(forge.comments).toHaveLength(1);
    expect(forge.comments[0]?.body).toContain("hubb");
  });

  test("opens an issue that explains why the base branch is invalid", async () => {
    const dir = join(checkout.dir, "..", "broken");
    const { stdout } = await must(issue({ MUSTER_PROJECT: dir, GITHUB_WORKSPACE: dir }), 2);
    expect(stdout).toContain('did you mean "hub"?');
    expect(forge.issues).toMatchObject([{ title: "The fleet cannot be checked", state: "open" }]);
  });

  test("closes the issue once the drift is repaired", async () => {
    await restore();
    await must(issue());
    expect(forge.issues).toMatchObject([{ state: "closed" }]);
  });

  test("opens an issue that names an unreachable host", async () => {
    await east.cut();
    try {
      const { stdout } = await must(issue(), 4);
      expect(stdout).toMatch(/^east is unreachable, never reached from here: it cannot be reached/m);
      expect(forge.issues.at(-1)).toMatchObject({
        state: "open",
        body: expect.stringContaining("<code>east</code> unreachable"),
      });
    } finally {
      await east.restore();
    }
    await must(issue());
  });
});

describe("a change in fleet.yaml that is not applied yet", () => {
  test("is reported as intended, and files that the change adds are not read on the host", async () => {
    const files = { "agent.sh": { from: "agent.sh", mode: "0755" }, ".bash_history": { text: "guess\n" } };
    const dir = checkout.beside("unapplied", {
      "fleet.yaml": stringify({
        ...committed,
        identities: { ...committed.identities, iris: { ...committed.identities["iris"], files } },
      }),
    });
    const args = ["drift", "--json", "--reader", "ci", "--key", key];
    const { stdout } = await must(checkout.fleet(args, { MUSTER_PROJECT: dir }));
    expect(JSON.parse(stdout)).toMatchObject({
      exit: 0,
      findings: [
        { item: ".bash_history", property: "applied", declared: true, observed: false, cause: "intended" },
      ],
    });
  });
});

describe("a tenant's reader", () => {
  test("sees only that tenant's resources", async () => {
    const drift = ["drift", "--reader", "arc", "--key", arcKey];
    expect((await must(checkout.fleet(drift))).stdout).toBe("2 hosts, 2 agents: no drift");
    const other = await must(checkout.fleet([...drift, "--tenant", "lab"]), 2);
    expect(other.stderr).toContain("the reader arc is allowed to read only the tenant arc");
  });

  test("gets an error that names the cause if the reader's key or name is wrong", async () => {
    const refused = await must(checkout.fleet(["drift", "--reader", "ci", "--key", arcKey]), 4);
    expect(refused.stdout).toMatch(
      /hub is unreachable, never reached from here: it does not accept this key: .*Permission denied/i,
    );
    const none = await must(checkout.fleet(["drift", "--reader", "ci", "--key", "/dev/null"]), 2);
    expect(none.stderr).toContain("check that the secret FLEET_READER_KEY contains");
    expect((await must(checkout.fleet(["drift", "--reader", "cj", "--key", key]), 2)).stderr).toContain(
      'Did you mean "ci"?',
    );
  });
});

describe("a hostile client with a reader's key", () => {
  let recorded: Map<string, ObserveAnswer["resources"][string]>;

  beforeAll(async () => {
    const { stdout } = await say("muster-read-ci", "ci", [{ op: "observe", owner: "muster/test" }]);
    const [answer] = answers(stdout) as { answer: ObserveAnswer }[];
    recorded = new Map(Object.entries(answer?.answer.resources ?? {}));
  });

  beforeEach(() => project.onHost("hub", "rm -f /tmp/pwned"));

  const secrets = /sk-\w+-0123456789|hmac:|"seal"|secret:[0-9a-f]{8}/;

  test("can observe all resources of a stack, but sees no secret or digest of a secret", () => {
    expect([...recorded.keys()]).toEqual(
      expect.arrayContaining(["hub/host", "hub/iris/agent", "hub/loom/agent"]),
    );
    expect(JSON.stringify([...recorded.values()])).not.toMatch(secrets);
  });

  test("gets no items that belong to another tenant or to the platform", async () => {
    const resources = [...recorded].map(([id, { items }]) => ({ id, items }));
    const { stdout } = await say("muster-read-arc", "arc", [{ op: "observe", resources }]);
    const [frame] = answers(stdout) as { answer: ObserveAnswer }[];
    const observed = Object.entries(frame?.answer.resources ?? {}).filter(
      ([, seen]) => Object.keys(seen.observed).length > 0,
    );
    expect(observed.map(([id]) => id).sort()).toEqual(
      [...recorded.keys()].filter((id) => id.startsWith("hub/iris/") || id === "hub/tenant-arc").sort(),
    );
    expect(frame?.answer.recorded.map(({ id }) => id).join()).not.toMatch(/loom|lab|host/);
  });

  test("cannot choose which files on the host are read", async () => {
    const file = (path: string) => ({
      kind: "file",
      path,
      want: { type: "file", content: "x", owner: "root", group: "root", mode: "0600" },
    });
    const items = {
      "identity:SOUL.md": file("/etc/shadow"),
      "credentials:iris-key": file("/var/lib/muster/key"),
      new: file("/root/.ssh/authorized_keys"),
    };
    const { stdout } = await say("muster-read-ci", "ci", [
      {
        op: "observe",
        resources: [
          { id: "hub/iris/agent", items },
          { id: "x", items },
        ],
        contents: {},
      },
    ]);
    const [frame] = answers(stdout) as { answer: ObserveAnswer }[];
    const observed = Object.entries(frame?.answer.resources ?? {}).map(([id, seen]) => [id, seen.observed]);
    expect(Object.fromEntries(observed)).toEqual({ "hub/iris/agent": {}, x: {} });
  });

  test("cannot change anything on the host with a request", async () => {
    const { items = {} } = recorded.get("hub/iris/agent") ?? {};
    const before = await hostTree("hub");
    const write = {
      id: "hub/iris/agent",
      type: "Agent",
      owner: "muster/test",
      items,
      contents: {},
      secrets: {},
    };
    const ops = ["converge", "remove", "uninstall", "serve", "shell", "__proto__", "toString"];
    const { stdout } = await say("muster-read-ci", "ci", [
      ...ops.map((op) => ({ op, ...write })),
      { op: "ps", units: ["ssh.service"] },
      { op: "ps", units: ["--version"] },
    ]);
    const result = answers(stdout) as { error?: { what: string } }[];
    expect(result).toHaveLength(ops.length + 2);
    for (const { error } of result) expect(error?.what).toMatch(/was refused/);
    expect(await hostTree("hub")).toBe(before);
  });

  test("gets an error for each malformed request", async () => {
    const { stdout } = await ssh(
      "muster-read-ci",
      "ci",
      [],
      'nonsense\n{"seq":1}\n[]\nnull\n{"seq":2,"request":{"op":"ps","units":"x"}}\n',
    );
    const said = stdout.split("\n").filter((line) => line.startsWith("{"));
    expect(said).toHaveLength(5);
    for (const line of said) expect(JSON.parse(line)).toHaveProperty("error");
    expect(stdout).not.toMatch(/ at |\.ts|\.mjs/);
  });

  test.each([
    ["it asks for a command", ["touch /tmp/pwned; id"], ""],
    ["it asks for a shell", ["exec /bin/sh"], "touch /tmp/pwned; id\n"],
    ["it sends a bundle like `up`", ["/bin/sh -c 'exec sudo -n /bin/sh'"], "cat > /tmp/pwned <<X\nid\nX\n"],
    [
      "it asks for the unrestricted host runtime",
      ["sudo -n /usr/local/lib/muster/run serve"],
      '{"seq":1,"request":{"op":"remove"}}\n',
    ],
    ["it asks for the sftp subsystem", ["-s", "sftp"], ""],
  ])("reaches only the read-only host runtime if %s", async (_, words, input) => {
    const flags = words.filter((word) => word.startsWith("-"));
    const command = words.filter((word) => !word.startsWith("-"));
    const { stdout, stderr } = await ssh("muster-read-ci", "ci", command, input, flags);
    const lines = stdout.split("\n").filter((line) => line !== "");
    expect(lines[0]).toMatch(/^muster-host \{/);
    for (const line of lines.slice(1)) expect(JSON.parse(line)).toHaveProperty("error");
    expect(stdout + stderr).not.toMatch(/uid=/);
    expect(await project.onHost("hub", "ls /tmp/pwned 2>&1 || true")).toContain("No such file");
  });

  test("cannot open a terminal", async () => {
    const { stdout, stderr } = await ssh("muster-read-ci", "ci", ["id"], "", ["-tt"]);
    expect(stderr).toMatch(/PTY allocation request failed/);
    expect(stdout).not.toContain("uid=");
  });

  test("cannot copy a file with sftp or scp", async () => {
    const host = addresses()["hub"]?.address ?? "";
    const options = sshOptions("ci");
    const sftp = await execa("sftp", [...options, "-b", "-", `muster-read-ci@${host}`], {
      input: "get /etc/passwd /tmp/pwned-here\n",
      reject: false,
    });
    const scp = await execa(
      "scp",
      ["-O", ...options, `muster-read-ci@${host}:/etc/passwd`, "/tmp/pwned-here"],
      { reject: false },
    );
    expect([sftp.failed, scp.failed, existsSync("/tmp/pwned-here")]).toEqual([true, true, false]);
  });

  test.each([
    ["to ports on the host", ["-W", "127.0.0.1:22"]],
    ["to the client", ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "127.0.0.1:47001:127.0.0.1:22"]],
  ])("cannot forward connections %s", async (_, flags) => {
    const { exitCode, stderr } = await ssh("muster-read-ci", "ci", [], "", flags);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/prohibited|forwarding failed|failed for listen port/i);
  });
});

describe("drift that only the Pulumi engine can detect", () => {
  test("is reported with `--cloud`, which fails if the engine is not installed", async () => {
    await must(project.fleet(["drift", "--cloud"]));
    await localHosts(project.dir).stop("hub");
    const { stdout } = await must(project.fleet(["drift", "--cloud", "--json"]), 7);
    expect(JSON.parse(stdout)).toMatchObject({
      codes: [7, 4],
      findings: [{ host: "hub", type: "LocalHost", item: "machine", property: "running", cause: "drift" }],
    });
    const missing = await must(checkout.fleet(["drift", "--cloud", "--reader", "ci", "--key", key]), 2);
    expect(missing.stderr).toContain("the engine is not installed on this machine");
  });

  test("cannot be checked if the stack's passphrase is missing", async () => {
    const passphrase = join(project.dir, "stacks/test.passphrase");
    renameSync(passphrase, `${passphrase}.away`);
    try {
      expect((await must(project.fleet(["drift", "--cloud"]), 2)).stderr).toContain("Ask a teammate for it");
    } finally {
      renameSync(`${passphrase}.away`, passphrase);
    }
  });
});

function sshOptions(name: string): string[] {
  const known = join(project.dir, ".known-hub");
  project.sshArguments("hub");
  return [
    ...["-F", "/dev/null", "-i", join(keys, name), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"],
    ...["-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes"],
  ];
}

/** Runs plain ssh with a reader's key, like somebody who has stolen the key. */
function ssh(
  account: string,
  name: string,
  command: readonly string[],
  input: string,
  flags: readonly string[] = [],
) {
  const destination = `${account}@${addresses()["hub"]?.address}`;
  const args = [...sshOptions(name), ...flags, destination, ...command];
  return execa("ssh", args, { input, reject: false, timeout: 60_000 });
}

function say(account: string, name: string, requests: readonly object[]) {
  const frames = requests.map((request, i) => `${JSON.stringify({ seq: i + 1, request })}\n`);
  return ssh(account, name, [], frames.join(""));
}

function answers(stdout: string): unknown[] {
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as unknown);
}
