import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { commandOf } from "../../src/cli/import/command-words.ts";
import { variablesIn } from "../../src/cli/import/environment-file.ts";
import { parseScan } from "../../src/cli/import/parse-scan.ts";
import { secretLines } from "../../src/cli/import/possible-secret.ts";
import { proposalOf } from "../../src/cli/import/proposal.ts";
import type {
  ScannedHost,
  ScannedProcess,
  ScannedService,
  ScannedUnit,
  ScannedUser,
} from "../../src/cli/import/scanned-host.ts";
import { tmuxWords } from "../../src/cli/import/tmux-words.ts";
import { settingsOf } from "../../src/cli/import/unit-settings.ts";
import { writeProposal } from "../../src/cli/import/write-proposal.ts";

const HOST = {
  name: "box",
  entry: { kind: "ssh", address: "192.0.2.10", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
  notes: [],
  left: [],
};

const service = (parts: Partial<ScannedService> = {}): ScannedService => {
  const { unit = "iris.service" } = parts;
  return {
    unit,
    user: "iris",
    group: "",
    type: "simple",
    starts: [start("/bin/sh", "/home/iris/agent.sh")],
    workdir: "/home/iris",
    environment: [],
    environmentFiles: [],
    unset: [],
    settings: new Map(),
    isOverridden: false,
    path: `/etc/systemd/system/${unit}`,
    source: "",
    enabled: true,
    active: true,
    linked: false,
    stale: false,
    ...parts,
  };
};

const start = (path: string, ...words: string[]) => ({ path, words: [path, ...words], flags: [] });

const user = (parts: Partial<ScannedUser> = {}): ScannedUser => {
  const { name = "iris" } = parts;
  return {
    name,
    group: "agents",
    home: `/home/${name}`,
    mode: "750",
    files: { "SOUL.md": { bytes: Buffer.from("# Iris\n"), mode: "0644" } },
    keys: "",
    privileged: [],
    ...parts,
  };
};

const host = (parts: Partial<ScannedHost> = {}): ScannedHost => {
  const { users = [user()], services = [service()] } = parts;
  return {
    isComplete: true,
    login: "root",
    self: 900,
    systemd: 252,
    accounts: [
      { name: "root", uid: 0, gid: 0, home: "/root" },
      ...users.map(({ name, home }, at) => ({ name, uid: 1000 + at, gid: 1000, home })),
    ],
    groups: [{ name: "agents", gid: 1000, members: [] }],
    processes: [],
    users,
    units: services.map((one) => unit({ name: one.unit, active: one.active, enabled: one.enabled })),
    services,
    userUnits: [],
    userServices: [],
    userUnitFiles: [],
    terminals: [],
    paths: new Map(),
    packaged: new Set(["/lib/systemd/system/ssh.service", "/lib/systemd/system/redis.service"]),
    schedules: [],
    pending: [],
    linger: [],
    privileged: ["sudo"],
    isSearched: true,
    sudoers: new Map(),
    records: [],
    ...parts,
  };
};

const unit = (parts: Partial<ScannedUnit> & { readonly name: string }): ScannedUnit => ({
  path: `/etc/systemd/system/${parts.name}`,
  source: "",
  isLoaded: true,
  active: true,
  enabled: true,
  linked: false,
  stale: false,
  triggers: [],
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

describe("a fleet.yaml that `fleet import` proposes", () => {
  test("is valid, and names the agent's existing unit", () => {
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

  test("contains no secret values, and declares where each value must come from", () => {
    const environment = [
      "LOG=info",
      "API_TOKEN=sk-very secret",
      "HOME=/home/iris",
      "DSN=postgres://u:very@h/d",
    ];
    const environmentFiles = [{ path: "/etc/iris", text: "ANTHROPIC_API_KEY=very\nEMPTY=\nPORT=80\n" }];
    const starts = [
      start("/usr/bin/bot", "--token", "very1", "--api-key=very2", "https://u:very3@h/", "MODE=very4"),
    ];
    const { text, proposal, fleet, problems } = written(
      host({ services: [service({ environment, environmentFiles, starts })] }),
    );
    expect(problems).toEqual([]);
    expect(JSON.stringify(proposal) + text).not.toContain("very");
    expect(fleet.credentials).toMatchObject({
      "iris-anthropic-api-key": {
        from: "config:iris-anthropic-api-key",
        type: "api-key",
        env: "ANTHROPIC_API_KEY",
      },
      "iris-api-token": { from: "config:iris-api-token", type: "other", env: "API_TOKEN" },
    });
    expect(fleet.agents.iris.env).toEqual({ LOG: "info", HOME: "/home/iris", EMPTY: "", PORT: "80" });
    expect(fleet.agents.iris.command).toEqual([
      "/bin/sh",
      "-c",
      'exec /usr/bin/bot --token "$ARG_TOKEN" --api-key="$ARG_API_KEY" "$ARG_WORD" MODE="$ARG_MODE"',
    ]);
    expect(proposal.notes.join("\n")).toContain(
      "its command may contain secrets (token, api-key, word, MODE)",
    );
    expect(proposal.secrets).toHaveLength(7);
  });

  test("has a credential for each variable, even if names differ only in their case or their end", () => {
    const long = "A_VERY_LONG_NAME_FOR_A_VARIABLE";
    const environment = ["HTTP_PROXY=1", "http_proxy=2", `${long}_1=3`, `${long}_2=4`];
    const loom = service({ unit: "loom.service", user: "loom", environment });
    const users = [user(), user({ name: "loom" })];
    const { fleet, problems } = written(host({ users, services: [service({ environment }), loom] }));
    expect(problems).toEqual([]);
    expect(Object.keys(fleet.credentials)).toHaveLength(8);
    const variables = (name: string) =>
      fleet.agents[name].credentials.map((credential: string) => fleet.credentials[credential].env);
    expect(variables("iris")).toEqual(variables("loom"));
    expect(variables("iris")).toEqual(environment.map((word) => word.split("=")[0]));
    // The agents have the same values, so `up` requires a reason.
    expect(fleet.credentials["iris-http-proxy"].sharedBecause).toMatch(/same value/);
  });

  test("has a placeholder for a SOUL.md only if the agent has no SOUL.md", () => {
    const { fleet, text } = written(host({ users: [user({ files: {} })] }));
    expect(fleet.identities.iris.soul).toBe("identities/iris/SOUL.md");
    expect(text).toContain("identities/iris/SOUL.md is a placeholder");
  });

  test("declares no contact that has several rows in a contact book", () => {
    const dir = mkdtempSync(join(tmpdir(), "muster-book-test-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const db = new DatabaseSync(join(dir, "b.db"));
    db.exec("CREATE TABLE contacts (name TEXT, email TEXT)");
    db.exec(
      "INSERT INTO contacts VALUES ('ada', 'a@example.org'), ('ada', 'b@example.org'), ('bob', 'b@example.org')",
    );
    db.close();
    const { fleet, text } = written(host({ users: [user({ book: readFileSync(join(dir, "b.db")) })] }));
    expect(fleet.agents.iris.contacts).toEqual(["bob"]);
    expect(text).toMatch(/they stay in the agents' own books: ada\./);
  });

  test("is in a folder that only its owner can read", () => {
    const { dir } = written(host());
    const modes = ["", "fleet.yaml", "identities/iris", "identities/iris/SOUL.md"].map((path) =>
      (statSync(join(dir, path)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(["700", "600", "700", "600"]);
  });

  test("keeps a byte order mark, and declares files that the agent itself writes with `write: once`", () => {
    const soul = Buffer.from("\ufeff# Iris\r\nno end");
    const files = {
      "SOUL.md": { bytes: soul, mode: "0644" },
      "MEMORY.md": { bytes: Buffer.from("m"), mode: "0600" },
      "AGENTS.md": { bytes: Buffer.from("a"), mode: "0644" },
      ".hermes/config.yaml": { bytes: Buffer.from("model: x\n"), mode: "0600" },
      ".openclaw/openclaw.json": { bytes: Buffer.from("{}\n"), mode: "0600" },
    };
    const { dir, fleet, problems } = written(host({ users: [user({ files })] }));
    expect(problems).toEqual([]);
    expect(readFileSync(join(dir, "identities/iris/SOUL.md"))).toEqual(soul);
    expect(fleet.identities.iris.files).toEqual({
      "MEMORY.md": { from: "identities/iris/MEMORY.md", mode: "0600", write: "once" },
      "AGENTS.md": { from: "identities/iris/AGENTS.md", mode: "0644" },
      ".hermes/config.yaml": { from: "identities/iris/.hermes/config.yaml", mode: "0600", write: "once" },
      ".openclaw/openclaw.json": {
        from: "identities/iris/.openclaw/openclaw.json",
        mode: "0600",
        write: "once",
      },
    });
  });

  test("omits a file that may contain a secret, and names the line of the possible secret", () => {
    const files = {
      "TOOLS.md": { bytes: Buffer.from("# Tools\nThe password is hunter2-x\n"), mode: "0644" },
    };
    const { proposal, text } = written(host({ users: [user({ files })] }));
    expect(JSON.stringify(proposal) + text).not.toContain("hunter2");
    expect(proposal.left.join("\n")).toContain("TOOLS.md of iris: line 2 may contain a secret");
  });

  test.each<[string, Buffer | undefined]>([
    ["with a secret", Buffer.from("token: canary-1")],
    ["that is too large", Buffer.alloc(1_000_001, "x")],
    ["that is not text", Buffer.from([0xff, 0xfe])],
    ["that the user cannot read", undefined],
  ])("never replaces a SOUL.md %s", (_what, bytes) => {
    const { fleet, proposal, problems } = written(
      host({ users: [user({ files: { "SOUL.md": { bytes, mode: "0644" } } })] }),
    );
    expect(problems).toEqual([]);
    expect(fleet.identities.iris.soul).toEqual({ from: "identities/iris/SOUL.md", write: "once" });
    expect(proposal.files["identities/iris/SOUL.md"]).toBe("# iris\n");
    expect(proposal.left).toContainEqual(expect.stringMatching(/^SOUL\.md of iris: /));
  });

  test("has the limits and rights of the agent, and lists each setting that it cannot declare", () => {
    const settings = settingsOf([
      "[Unit]\nDescription=x\nAfter=network.target\n[Service]\nMemoryMax=2G\nCPUQuota=50%\nTasksMax=64\nWatchdogSec=30\n" +
        "ExecStartPre=/bin/prepare\nUMask=0027\nNewerKey=1\nLimitNOFILE=9\n",
      "[Service]\nLimitNOFILE=\n[Install]\nWantedBy=multi-user.target\n",
    ]);
    const limits = { settings, memory: 2 * 1024 ** 3, cpu: 0.5, tasks: 64, watchdog: 30 };
    const groups = [
      { name: "agents", gid: 1000, members: [] },
      { name: "docker", gid: 998, members: ["iris"] },
    ];
    const sudoers =
      "User_Alias BOTS = iris, \\\n  loom\nBOTS ALL=(root) NOPASSWD: /usr/bin/id\n# iris ALL=ALL\n";
    const { fleet, proposal, problems } = written(
      host({
        services: [service(limits)],
        groups,
        sudoers: new Map([["/etc/sudoers", sudoers]]),
        linger: ["iris"],
      }),
    );
    expect(problems).toEqual([]);
    expect(fleet.agents.iris).toMatchObject({
      limits: { memory: "2G", cpu: 0.5, tasks: 64 },
      watchdog: 30,
      groups: ["docker"],
      rights: { sudo: ["BOTS ALL=(root) NOPASSWD: /usr/bin/id"], linger: true },
    });
    expect(proposal.left).toContain(
      "iris.service: Muster's unit does not have its ExecStartPre=, UMask=, NewerKey=",
    );
    const notes = proposal.notes.join("\n");
    expect(notes).toContain("iris: it may use sudo today. In Muster's unit, sudo does not work.");
    expect(notes).toContain("docker can give it root privileges");
  });

  test("lists the users that can no longer read the home of an agent", () => {
    const users = [user({ group: "iris", mode: "755" }), user({ name: "loom", group: "loom", mode: "700" })];
    const groups = [
      { name: "iris", gid: 2000, members: ["vera"] },
      { name: "loom", gid: 2001, members: ["vera"] },
    ];
    const services = [service(), service({ unit: "loom.service", user: "loom" })];
    const { proposal } = written(host({ users, services, groups }));
    expect(proposal.notes.join("\n")).toContain(
      "these users can then no longer read homes that they can read today: vera (home of iris).",
    );
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
    [
      "a start command with special syntax",
      { services: [service({ starts: [start("/bin/sh", "-c", `canary \${HOME}`)] })] },
      /iris\.service of user iris: its command \(\/bin\/sh\) is not a single command of plain words/,
    ],
    ["a crontab", { schedules: [cron("/var/spool/cron/crontabs/iris")] }, /the crontab of iris, with 2 jobs/],
    ["a file of cron", { schedules: [cron("/etc/cron.d/own")] }, /\/etc\/cron\.d\/own, with 2 lines/],
    ["another stack", { records: [record({})] }, /resources of the stack arc\/dev/],
    [
      "a user of another stack",
      { records: [record({ users: ["iris"] })] },
      /iris: the stack arc\/dev already manages it/,
    ],
    [
      "a unit of another stack",
      { records: [record({ units: ["iris.service"] })] },
      /the stack arc\/dev already manages it/,
    ],
    ["a system user's service", { services: [service({ user: "orin" })], accounts: [ORIN] }, /its uid 999/],
    [
      "a user for each start",
      { services: [service({ user: undefined })] },
      /makes a new user for each start/,
    ],
    ["a program in the background", { services: [service({ type: "forking" })] }, /Type=forking means/],
    ["a program that ends", { services: [service({ type: "oneshot" })] }, /Type=oneshot means/],
    [
      "a service of a timer",
      { units: [unit({ name: "iris.timer", triggers: ["iris.service"] })] },
      /iris\.timer starts it/,
    ],
    ["a timer of a package's service", { units: [unit({ name: "own.timer" })] }, /the timer own\.timer/],
    [
      "a service of systemd --user",
      { userUnits: [{ ...unit({ name: "gateway.service" }), user: "iris" }] },
      /gateway\.service of user iris \(systemd --user, running\)/,
    ],
    [
      "a unit file of systemd --user",
      { userUnitFiles: [{ user: "iris", path: "/home/iris/.config/systemd/user/x.service" }] },
      /x\.service of user iris \(systemd --user, not loaded\)/,
    ],
    ["files that were not searched", { isSearched: false }, /the search in the homes took too long/],
    [
      "a stopped service",
      { services: [service({ active: false, enabled: false })] },
      /neither runs nor starts at boot/,
    ],
    [
      "an unread contact book",
      { users: [user({ book: Buffer.from("x") })] },
      /contacts\.db of iris: it was not read/,
    ],
    [
      "an environment file that only root can read",
      { services: [service({ environmentFiles: [{ path: "/home/iris/.env" }] })] },
      /its environment file \/home\/iris\/\.env does not exist/,
    ],
    [
      "a variable with several lines",
      { services: [service({ environment: ["LINES=canary\ntwo", "OTHER=x"] })] },
      /iris\.service: its variable LINES has several lines/,
    ],
    [
      "a secret in a shell line",
      { services: [service({ starts: [start("/bin/sh", "-c", "bot --token canary")] })] },
      /contains a possible secret inside a longer argument/,
    ],
  ])("lists everything that `fleet import` cannot declare: %s", (_what, parts, sentence) => {
    const { proposal, text } = written(host(parts));
    expect(proposal.left.join("\n")).toMatch(sentence);
    expect(text).toMatch(/^# Not declared:$/m);
    expect(text).not.toContain("canary");
  });

  test("lists a user with a job of at(1) only once, and lists a user separately from a file of cron with the same name", () => {
    const users = [user({ name: "ann" }), user({ name: "backup-1" })];
    const schedules = [cron("/etc/cron.d/backup-1")];
    const { proposal } = written(host({ services: [], users, schedules, pending: ["ann"] }));
    expect(proposal.left.map((line) => line.replace(/[,:].*/, ""))).toEqual([
      "/etc/cron.d/backup-1",
      "jobs of at(1) of ann",
      "user backup-1",
    ]);
  });

  test("declares the same rights as `fleet drift`, and ignores files that sudo and sshd do not read", () => {
    const sudoers = new Map([
      ["/etc/sudoers", "@includedir /etc/sudoers.d\n"],
      ["/etc/sudoers.d/iris", "ops, iris ALL = \\\n  (root)   /usr/bin/id\n"],
      ["/etc/sudoers.d/iris.off", "iris ALL=(ALL) ALL\n"],
    ]);
    const keys = ["AAAA", "BBBB"].map((blob) => `ssh-ed25519 ${blob} x`).join("\n");
    const users = [user({ keys, privileged: ["~/a\tb setuid root"] })];
    const { rights } = written(host({ sudoers, users })).fleet.agents.iris;
    expect(rights.sudo).toEqual(["ops, iris ALL = (root) /usr/bin/id"]);
    expect(rights.keys).toHaveLength(2);
    expect(rights.files).toEqual(["~/a\\u0009b setuid root"]);
  });

  test("is not written to a folder that already exists", () => {
    const { dir, proposal, text } = written(host());
    expect(() => writeProposal(dir, proposal)).toThrow(/it already exists/);
    expect(readFileSync(join(dir, "fleet.yaml"), "utf8")).toBe(text);
  });

  test("is correct even if the host's reply contains line breaks or `..`", () => {
    const evil = "x\nagents: {}";
    const { fleet, text } = written(
      host({
        schedules: [cron(`/etc/${evil}`)],
        users: [user({ files: { "../../x": { bytes: Buffer.from("x"), mode: "0644" } } })],
      }),
    );
    expect(Object.keys(fleet.agents)).toEqual(["iris"]);
    expect(text).toContain("# - /etc/x agents: {}");
  });
});

const cron = (path: string) => ({ path, lines: 2, ofFolders: 0 });
const record = (parts: object) => ({ owner: "arc/dev", users: [], units: [], ...parts });
const ORIN = { name: "orin", uid: 999, gid: 999, home: "/var/lib/orin" };

describe("a running program", () => {
  const process = (pid: number, parent: number, program: string, group: string, uid = 1000) => {
    return { pid, parent, program, group, uid };
  };
  const left = (processes: readonly ScannedProcess[], parts: Partial<ScannedHost> = {}) => {
    const all = [
      process(1, 0, "systemd", "/init.scope", 0),
      process(50, 1, "sshd", "/system.slice/ssh.service", 0),
    ];
    const units = [
      unit({ name: "iris.service" }),
      unit({ name: "ssh.service", path: "/lib/systemd/system/ssh.service" }),
      unit({ name: "redis.service", path: "/lib/systemd/system/redis.service" }),
    ];
    return proposalOf(HOST, host({ processes: [...all, ...processes], units, ...parts })).left;
  };
  const SESSION = "/user.slice/user-1000.slice/session-3.scope";

  test("is not listed if a declared service, a package, this session or Muster has started it", () => {
    expect(
      left([
        process(60, 1, "agent", "/system.slice/iris.service"),
        process(61, 60, "sleep", "/system.slice/iris.service/sub"),
        process(62, 1, "redis", "/system.slice/redis.service", 110),
        process(63, 1, "tmux: server", "/muster.slice/muster-agent-vera.service"),
        process(64, 1, "systemd", "/user.slice/user-1000.slice/user@1000.service/init.scope"),
        process(800, 50, "sshd", "/user.slice/user-0.slice/session-1.scope", 0),
        process(900, 800, "sh", "/user.slice/user-0.slice/session-1.scope", 0),
        process(901, 900, "perl", "/user.slice/user-0.slice/session-1.scope", 0),
      ]),
    ).toEqual([]);
  });

  test.each<[string, readonly ScannedProcess[], RegExp]>([
    [
      "a program that a login has left behind, with its children",
      [process(70, 1, "run.sh", SESSION), process(71, 70, "sleep", SESSION)],
      /^run\.sh of iris \(process 70\), with sleep: no service started it/,
    ],
    [
      "the same in the service of sshd, on a host without sessions",
      [process(70, 1, "run.sh", "/system.slice/ssh.service")],
      /^run\.sh of iris \(process 70\): no service started it/,
    ],
    [
      "root's own program",
      [process(70, 1, "node", "/user.slice/user-0.slice/session-2.scope", 0)],
      /^node of root \(process 70\): no service/,
    ],
    [
      "another open login",
      [process(70, 50, "sshd", SESSION, 0), process(71, 70, "bash", SESSION)],
      /^a login of iris is open, with sshd, bash/,
    ],
    [
      "a container",
      [process(70, 1, "bot", "/system.slice/docker-ab12.scope", 0)],
      /^bot of root in docker-ab12\.scope/,
    ],
    [
      "a service without a unit file",
      [process(70, 1, "bot", "/system.slice/gone.service")],
      /^gone\.service of iris: it runs, but systemd no longer has its unit file/,
    ],
    [
      "a tmux server that does not answer",
      [process(70, 1, "tmux: server", SESSION)],
      /^a tmux server of iris/,
    ],
  ])("is listed once: %s", (_what, processes, sentence) => {
    const found = left(processes);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(sentence);
  });
});

const ROOT = { uid: 0, user: "root" };

/** Returns a tmux server of root with these panes, each in the form `[session, command]`. */
function tmuxServer(...sessions: readonly (readonly [string, string])[]): Partial<ScannedHost> {
  const panes = sessions.map(([session, command], at) => ({
    ...{ pid: 71 + at, session, workdir: "/root/work", command },
    environment: ["TERM=screen", "MOTD_SHOWN=pam", "HOME=/root", "TOKEN=canary", "WORK=/root/work", "LANG=C"],
  }));
  const group = "/user.slice/user-0.slice/session-2.scope";
  return {
    terminals: [{ pid: 70, socket: "/run/fleet/tmux", user: ROOT.user, panes }],
    processes: [
      { pid: 70, parent: 1, uid: ROOT.uid, group, program: "tmux: server" },
      ...panes.map(({ pid }) => ({ pid, parent: 70, uid: ROOT.uid, group, program: `agent${pid}` })),
    ],
    paths: new Map([["/root/work", "folder"]]),
  };
}

describe("a program that can become an agent with a new user", () => {
  test("gets this user, and a copy of the data that its command and its variables name", () => {
    const rootService = service({
      unit: "hermes-timmy.service",
      user: "root",
      workdir: "/root/wizards/timmy",
      starts: [start("/root/bin/hermes", "--log=/root/wizards/timmy/log", "/root/wizards/timmy/SOUL.md")],
      environment: ["HERMES_HOME=/root/.hermes", "HOME=/root", "API_KEY=canary", "PATH=/root/bin:/bin"],
    });
    const paths = new Map<string, "file" | "folder">([
      ...(["/root/wizards/timmy", "/root/.hermes"] as const).map((path) => [path, "folder"] as const),
      ...(["/root/bin/hermes", "/root/wizards/timmy/log"] as const).map((path) => [path, "file"] as const),
    ]);
    const { fleet, problems, text, proposal } = written(host({ services: [rootService], paths }));
    expect(problems).toEqual([]);
    expect(fleet.agents["hermes-timmy"]).toMatchObject({
      command: [
        "/home/hermes-timmy/bin/hermes",
        "--log=/home/hermes-timmy/wizards/timmy/log",
        "/home/hermes-timmy/wizards/timmy/SOUL.md",
      ],
      workdir: "/home/hermes-timmy/wizards/timmy",
      env: { HERMES_HOME: "/home/hermes-timmy/.hermes", PATH: "/home/hermes-timmy/bin:/bin" },
      replaces: [{ service: "hermes-timmy.service", user: "root" }],
      copies: {
        ".hermes": "/root/.hermes",
        "bin/hermes": "/root/bin/hermes",
        "wizards/timmy": "/root/wizards/timmy",
      },
      takeOver: "later",
    });
    expect(fleet.agents["hermes-timmy"].env).not.toHaveProperty("HOME");
    expect(fleet.identities["hermes-timmy"].soul.write).toBe("once");
    expect(proposal.notes.join("\n")).toMatch(
      /hermes-timmy: it runs as root today, and gets a new user with the home \/home\/hermes-timmy/,
    );
    expect(text).not.toContain("canary");
  });

  test("can be an additional service of a user, a service of the login, or a service of a shared systemd --user", () => {
    const dev = user({ name: "dev" });
    const shared = ["iris", "loom"].map((name) =>
      service({ unit: `${name}.service`, user: "dev", isUserService: true, workdir: `/home/dev/${name}` }),
    );
    const { fleet } = written(
      host({
        users: [user(), dev],
        services: [service(), service({ unit: "helper.service" })],
        userServices: shared,
      }),
    );
    expect(Object.keys(fleet.agents).sort()).toEqual(["iris", "iris-2", "iris-3", "loom"]);
    const replaces = Object.values(fleet.agents as Record<string, { replaces: unknown[] }>);
    expect(replaces.map((one) => one.replaces)).toEqual([
      ["helper.service"],
      [{ service: "iris.service", user: "iris" }],
      [{ userService: "iris.service", user: "dev" }],
      [{ userService: "loom.service", user: "dev" }],
    ]);
    const login = written(host({ login: "iris" })).fleet;
    expect(login.agents["iris-2"].replaces).toEqual([{ service: "iris.service", user: "iris" }]);
    const helper = service({ unit: "helper.service", enabled: false });
    const { agents } = written(host({ services: [service(), helper] })).fleet;
    expect(agents.iris.replaces).toEqual(["iris.service"]);
  });

  test("keeps its user if it is the only service of this user's systemd", () => {
    const own = service({ isUserService: true });
    const { fleet } = written(host({ services: [], userServices: [own] }));
    expect(fleet.agents.iris).toMatchObject({
      command: ["/bin/sh", "/home/iris/agent.sh"],
      replaces: [{ userService: "iris.service", user: "iris" }],
    });
    expect(fleet.agents.iris).not.toHaveProperty("copies");
  });

  test("can be a tmux session that a command has started, together with the unit that has started the session", () => {
    const { fleet, problems, text } = written(
      host({ services: [], ...tmuxServer(["timmy", 'bot --name "a b"']) }),
    );
    expect(problems).toEqual([]);
    expect(fleet.agents.timmy).toMatchObject({
      command: ["bot", "--name", "a b"],
      workdir: "/home/timmy/work",
      env: { WORK: "/home/timmy/work", LANG: "C" },
      replaces: [{ tmuxSession: "timmy", socket: "/run/fleet/tmux", user: "root" }],
      copies: { work: "/root/work" },
    });
    expect(fleet.credentials[fleet.agents.timmy.credentials[0]].env).toBe("TOKEN");
    expect(text).not.toContain("canary");
    const starter = service({
      unit: "agent@timmy.service",
      user: "root",
      isUserService: true,
      type: "oneshot",
    });
    const both = written(host({ services: [], userServices: [starter], ...tmuxServer(["timmy", "bot"]) }));
    expect(both.fleet.agents.timmy.replaces[1]).toEqual({ userService: "agent@timmy.service", user: "root" });
    expect(both.proposal.left.join("\n")).not.toContain("agent@timmy");
  });

  test.each<[string, readonly (readonly [string, string])[], RegExp]>([
    [
      "has several panes",
      [
        ["one", "bot"],
        ["one", "bot"],
      ],
      /^tmux session one of root on \/run\/fleet\/tmux \(agent71, agent72\): it has 2 panes/,
    ],
    ["was started from a shell", [["one", ""]], /its program was started from a shell in the pane/],
    [
      "only keeps the server running",
      [["_holder", '"sleep infinity"']],
      /it only keeps the tmux server running/,
    ],
    ["has a name with a space", [["a b", "bot"]], /`replaces` cannot name a session with this name/],
    [
      "has a secret in a line of a shell",
      [["one", '"bot --token canary"']],
      /a possible secret inside a longer argument/,
    ],
  ])("is listed with the reason if it is a tmux session that %s", (_what, sessions, sentence) => {
    const { proposal, text } = written(host({ services: [], ...tmuxServer(...sessions) }));
    const found = proposal.left.filter((line) => line.startsWith("tmux session"));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(sentence);
    expect(text).not.toContain("canary");
  });

  test("is listed if its command names the old home inside a longer word, or if a link must be copied", () => {
    const rootService = service({
      user: "root",
      workdir: "/root/w",
      starts: [start("/bin/sh", "-c", "cd /root/w && exec ./run")],
    });
    const { proposal } = written(host({ services: [rootService], paths: new Map([["/root/w", "link"]]) }));
    expect(proposal.left.join("\n")).toMatch(/iris\.service: its command names \/root inside a longer word/);
    expect(proposal.left.join("\n")).toMatch(/iris\.service: \/root\/w is a link, which is copied as it is/);
  });
});

test.each<[string, string[]]>([
  ["sleep 5", ["sleep", "5"]],
  ['sh -c "echo \\$HOME \\"q\\" \'z\'"', ["sh", "-c", `echo $HOME "q" 'z'`]],
  ['"sleep 5; date"', ["/bin/sh", "-c", "sleep 5; date"]],
  ["a\\ b c", ["a b", "c"]],
  ["", []],
])("the command of a tmux pane is split into the words that tmux reads: %s", (text, words) => {
  expect(tmuxWords(text)).toEqual(words);
});

describe("the command of an imported agent", () => {
  test.each<[string[], readonly string[] | undefined]>([
    [
      ["/usr/bin/node", "server.js", "--port", "80"],
      ["/usr/bin/node", "server.js", "--port", "80"],
    ],
    [
      ["/usr/bin/x", "$$HOME", "100%", "it's"],
      ["/usr/bin/x", "$HOME", "100%", "it's"],
    ],
    [
      ["/bin/sh", "-c", "echo $HOME"],
      ["/bin/sh", "-c", "echo $HOME"],
    ],
    [
      ["/usr/bin/tmux", "new-session", "-d", "-s", "iris", "-x", "80", "claude --continue"],
      ["/bin/sh", "-c", "claude --continue"],
    ],
    [
      ["/usr/bin/tmux", "-L", "a", "new", "-d", "--", "claude", "--continue"],
      ["claude", "--continue"],
    ],
    [["/usr/bin/tmux", "attach"], undefined],
    [["/usr/bin/x", "$HOME"], undefined],
    [["/usr/bin/x", `a\${HOME}b`], undefined],
    [["/usr/bin/x", ""], undefined],
    [["/usr/bin/x", "two\nlines"], undefined],
    [["/bin/sh", "-c", "SMTP_PASS=x bot"], undefined],
  ])("for the words %j is %j", (words, command) => {
    const found = commandOf([{ path: words[0] ?? "", words, flags: [] }]);
    expect("words" in found ? found.words : undefined).toEqual(command);
  });

  test.each<[string, Parameters<typeof commandOf>[0]]>([
    ["several commands", [start("/bin/a"), start("/bin/b")]],
    ["no command", []],
    ["root privileges", [{ ...start("/bin/a"), flags: ["privileged"] }]],
    ["another name", [{ path: "/bin/a", words: ["b"], flags: [] }]],
  ])("cannot be declared for %s", (_what, starts) => {
    expect(commandOf(starts)).toHaveProperty("reason");
  });

  test("has the folder and the variables that tmux sets", () => {
    const words = [
      "new-session",
      "-A",
      "-d",
      "-s",
      "s",
      "-x",
      "80",
      "-e",
      "KEY=1",
      "-eMODE=2",
      "-c",
      "/srv",
      "/bin/a",
      "b",
    ];
    expect(commandOf([start("/usr/bin/tmux", ...words)])).toEqual({
      words: ["/bin/a", "b"],
      workdir: "/srv",
      environment: ["KEY=1", "MODE=2"],
      dropped: ["-x"],
      isInTmux: true,
    });
  });
});

describe("an environment file", () => {
  test.each<[string, Record<string, string>]>([
    ["A=1\nB = 2\n  C=3  \n", { A: "1", B: "2", C: "3" }],
    ["export A=1\nnot a line\nB=2", { B: "2" }],
    ["# A=1\n; B=1\nC=#1", { C: "#1" }],
    ["A=\nB=''\n", { A: "", B: "" }],
    [`A="two\\\nlines" \nB='a "b" \\'\nC="\\$x \\n"`, { A: "twolines", B: 'a "b" \\', C: "$x \\n" }],
    ["A=one\\\ntwo\nB=a\\ b", { A: "onetwo", B: "a b" }],
    [`A="x"y 'z'\nB=it's\n`, { A: "xy 'z'", B: "it's" }],
    ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["\ufeffA=1\nB=2", { B: "2" }],
    [`A="line\nline"\nB=1`, { A: "line\nline", B: "1" }],
    ["# comment \\\nA=1\nB=2", { B: "2" }],
  ])("with the text %j has the variables that systemd reads", (text, variables) => {
    expect(Object.fromEntries(variablesIn(text, 252).variables)).toEqual(variables);
  });

  test("has a variable after a comment that ends with a backslash, since systemd 254", () => {
    expect([...variablesIn("# comment \\\nA=1", 255).variables]).toEqual([["A", "1"]]);
    expect(variablesIn("export A=1", 252).ignored).toEqual(["export A"]);
  });
});

test("the settings of a unit follow the rules of systemd", () => {
  const texts = ["[Service]\n# x\nA = 1 \\\n; in between\n  2\nB=1\n[Install]\nA=3", "[Service]\nB=\nB=2\n"];
  expect(Object.fromEntries(settingsOf(texts))).toEqual({
    "Service.A": ["1    2"],
    "Service.B": ["2"],
    "Install.A": ["3"],
  });
});

test.each<[string, number[]]>([
  ["API token: see the vault\nKeep secrets.\nkey = <YOUR KEY>", []],
  ["ok\ntoken: abc-123-def", [2]],
  ["SMTP_PASS=hunter22\nhttps://u:pw@h/", [1, 2]],
  ["Use `ghp_0123456789abcdef`.", [1]],
])("in the text %j, the lines that may contain a secret are %j", (text, lines) => {
  expect(secretLines(text)).toEqual(lines);
});

test("a reply that is not a scan result counts as incomplete", () => {
  for (const answer of ["", "!!", Buffer.from("what ever\nuser\n").toString("base64")]) {
    expect(parseScan(answer)).toMatchObject({ services: [], isComplete: false });
  }
});
