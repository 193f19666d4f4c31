import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { commandOf } from "../../src/cli/import/command-words.ts";
import {
  parseScan,
  type ScannedHost,
  type ScannedService,
  type ScannedUser,
} from "../../src/cli/import/parse-scan.ts";
import { proposalOf } from "../../src/cli/import/proposal.ts";
import { writeProposal } from "../../src/cli/import/write-proposal.ts";

const HOST = {
  name: "box",
  entry: { kind: "ssh", address: "192.0.2.10", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
  notes: [],
  left: [],
};

const service = (parts: Partial<ScannedService> = {}): ScannedService => ({
  unit: "iris.service",
  user: "iris",
  starts: ["/bin/sh /home/iris/agent.sh"],
  workdir: "/home/iris",
  environment: "",
  secrets: [],
  enabled: true,
  active: true,
  ...parts,
});

const user = (parts: Partial<ScannedUser> = {}): ScannedUser => ({
  name: "iris",
  group: "agents",
  home: "/home/iris",
  files: { "SOUL.md": { bytes: Buffer.from("# Iris\n"), mode: "0644" } },
  ...parts,
});

const host = (parts: Partial<ScannedHost> = {}): ScannedHost => ({
  users: [user()],
  services: [service()],
  left: [],
  stacks: [],
  ...parts,
});

function written(seen: ScannedHost) {
  const dir = join(mkdtempSync(join(tmpdir(), "muster-import-")), "box");
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const proposal = proposalOf(HOST, seen);
  const problems = writeProposal(dir, proposal);
  const text = readFileSync(join(dir, "fleet.yaml"), "utf8");
  return { dir, proposal, problems, text, fleet: parse(text) };
}

function book(rows: readonly (readonly (string | null)[])[]): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "muster-book-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const db = new DatabaseSync(join(dir, "b.db"));
  db.exec("CREATE TABLE contacts (name TEXT PRIMARY KEY, type TEXT, email TEXT, mood TEXT)");
  const insert = db.prepare("INSERT INTO contacts (name, type, email) VALUES (?, ?, ?)");
  for (const row of rows) insert.run(...row);
  db.close();
  return readFileSync(join(dir, "b.db"));
}

describe("a fleet.yaml that import proposes", () => {
  test("is a valid fleet.yaml that names the agent's existing unit", () => {
    const { problems, fleet, text } = written(host());
    expect(problems).toEqual([]);
    expect(fleet.tenants).toEqual({ agents: {} });
    expect(fleet.agents.iris).toEqual({
      host: "box",
      tenant: "agents",
      command: ["/bin/sh", "/home/iris/agent.sh"],
      workdir: "/home/iris",
      replaces: ["iris.service"],
      takeOver: "later",
      contacts: [],
    });
    expect(text).toMatch(/^# - iris: iris\.service keeps running it\. Remove `takeOver: later` when/);
  });

  test("contains no secret's value, and declares where the value must come from", () => {
    const environment = 'LOG=info "API_TOKEN=sk-very secret" HOME=/home/iris';
    const { text, proposal, fleet } = written(
      host({ services: [service({ environment, secrets: ["ANTHROPIC_API_KEY"] })] }),
    );
    expect(JSON.stringify(proposal) + text).not.toContain("very");
    expect(fleet.credentials).toEqual({
      "iris-anthropic-api-key": {
        from: "config:iris-anthropic-api-key",
        type: "api-key",
        env: "ANTHROPIC_API_KEY",
      },
      "iris-api-token": { from: "config:iris-api-token", type: "other", env: "API_TOKEN" },
    });
    expect(fleet.agents.iris.env).toEqual({ LOG: "info", HOME: "/home/iris" });
    expect(proposal.secrets).toEqual(["iris-anthropic-api-key", "iris-api-token"]);
  });

  test("declares only the contacts that all agents have in common", () => {
    const [one, two] = [
      book([
        ["ada", "human", "ada@example.org"],
        ["forge", "agent", "one@example.org"],
        ["Odd Name", null, null],
      ]),
      book([
        ["ada", "human", "ada@example.org"],
        ["forge", "agent", "two@example.org"],
      ]),
    ];
    const users = [user({ book: one }), user({ name: "loom", home: "/home/loom", book: two })];
    const services = [service(), service({ unit: "loom.service", user: "loom" })];
    const { fleet, problems, text } = written(host({ users, services }));
    expect(problems).toEqual([]);
    expect(fleet.contacts.ada).toEqual({ type: "human", email: "ada@example.org" });
    expect(fleet.contacts.forge).toBeUndefined();
    expect(fleet.agents.iris.contacts).toEqual(["ada"]);
    expect(text).toContain("stay in the agents' own books: Odd Name, forge.");
  });

  test.each<[string, Partial<ScannedHost>, RegExp]>([
    ["a user without a service", { services: [] }, /user iris: no service runs as it/],
    ["a home elsewhere", { users: [user({ home: "/srv/iris" })] }, /its home is \/srv\/iris/],
    [
      "a name that an agent cannot have",
      { users: [user({ name: "Iris_1", home: "/home/Iris_1" })], services: [service({ user: "Iris_1" })] },
      /cannot have that name/,
    ],
    [
      "a start command with special syntax",
      { services: [service({ starts: ["/bin/sh -c 'echo %h'"] })] },
      /not a single command of plain words/,
    ],
    [
      "a second service",
      { services: [service(), service({ unit: "helper.service" })] },
      /helper\.service: the agent iris is already declared from iris\.service/,
    ],
    ["a crontab", { left: ["the crontab of iris"] }, /the crontab of iris/],
    ["another stack", { stacks: ["arc/dev"] }, /resources of the stack arc\/dev/],
  ])("lists what import cannot declare: %s", (_what, parts, sentence) => {
    const { proposal, text } = written(host(parts));
    expect(proposal.left.join("\n")).toMatch(sentence);
    expect(text).toMatch(/^# Not declared:$/m);
  });

  test("never overwrites an existing folder", () => {
    const { dir, proposal, text } = written(host());
    expect(() => writeProposal(dir, proposal)).toThrow(/it already exists/);
    expect(readFileSync(join(dir, "fleet.yaml"), "utf8")).toBe(text);
  });

  test("cannot be manipulated by the host's answer, which can neither end a comment line nor name files elsewhere", () => {
    const evil = "x\nagents: {}";
    const { fleet, text } = written(
      host({
        left: [evil],
        users: [user({ files: { "../../x": { bytes: Buffer.from("x"), mode: "0644" } } })],
      }),
    );
    expect(Object.keys(fleet.agents)).toEqual(["iris"]);
    expect(text).toContain("# - x agents: {}");
  });
});

describe("an imported agent's command", () => {
  test.each<[string, string[] | undefined]>([
    ["/usr/bin/node server.js --port 80", ["/usr/bin/node", "server.js", "--port", "80"]],
    [`/bin/sh -c "while :; do sleep 1; done"`, ["/bin/sh", "-c", "while :; do sleep 1; done"]],
    ["-/usr/bin/x 100%%", ["/usr/bin/x", "100%"]],
    [
      "/usr/bin/tmux new-session -d -s iris -x 80 'claude --continue'",
      ["/bin/sh", "-c", "claude --continue"],
    ],
    ["/usr/bin/tmux -L a new -d -- claude --continue", ["claude", "--continue"]],
    ["+/usr/bin/x", undefined],
    ["/usr/bin/x $HOME", undefined],
    ["/usr/bin/x %h", undefined],
    ["/usr/bin/x ; /usr/bin/y", undefined],
    ["/usr/bin/x 'open", undefined],
    ["", undefined],
  ])("is read from ExecStart=%s", (line, command) => {
    expect(commandOf([line])).toEqual(command);
  });
});

test("an answer contains no services if it is not a scan result", () => {
  for (const answer of ["", "!!", Buffer.from("what ever\nuser\n").toString("base64")]) {
    expect(parseScan(answer).services).toEqual([]);
  }
});
