import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFleet } from "../../src/config/check-fleet.ts";
import { broken, check, FLEET, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();
const problemsOf = (text: string) => lines(check(folder, text).problems);

const LOOM_HAS_A_KEY = FLEET.replace("{host: east", "{credentials: [loom-key], host: east");
const withLoomKey = (key: string) => LOOM_HAS_A_KEY.replace("identities:", `  loom-key: ${key}\nidentities:`);

test("two credentials with the same reference count as one secret", () => {
  expect(problemsOf(withLoomKey('{from: "config:iris-key", type: api-key}'))).toEqual([
    'fleet.yaml:10:3 credentials.iris-key: is the same secret as "loom-key", used by agents iris, loom: ' +
      "give each its own secret, or give a reason in `sharedBecause`",
    'fleet.yaml:11:3 credentials.loom-key: is the same secret as "iris-key", used by agents iris, loom: ' +
      "give each its own secret, or give a reason in `sharedBecause`",
  ]);
});

test("two credentials with different paths to the same file count as one secret", () => {
  const text = withLoomKey('{from: "file:./keys/../key", type: api-key}').replace(
    "config:iris-key",
    "file:key",
  );
  expect(problemsOf(text)).toHaveLength(2);
});

test("a credential that has expired or expires soon causes a warning, and the command of a credential is not run", () => {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const withDay = (expires: string) =>
    check(
      folder,
      broken("env: API_KEY", `env: API_KEY, expires: ${expires}`).replace(
        "config:iris-key",
        "exec:touch ran",
      ),
    );
  expect(lines(withDay("2001-01-31").warnings)).toEqual([
    "fleet.yaml:10:76 credentials.iris-key.expires: has expired on 2001-01-31: " +
      "replace the secret, then change this day, or remove it",
  ]);
  expect(lines(withDay(day(5)).warnings).join()).toContain(`expires on ${day(5)}, in 5 days`);
  expect(withDay(day(20)).warnings).toEqual([]);
  expect(existsSync(join(folder.path, "ran"))).toBe(false);
});

test("two agents can share a secret if a reason is declared", () => {
  const reason = "env: API_KEY, sharedBecause: The vendor gives one key a company.";
  const text = broken("env: API_KEY", reason).replace("{host: east", "{credentials: [iris-key], host: east");
  expect(problemsOf(text)).toEqual([]);
});

test("agents with the same uid on one host cause a warning, because they share their secrets", () => {
  const text = broken("arc: {}", "arc: {isolation: tenant}").replace("host: east", "host: hub");
  const checked = check(folder, text);
  expect(lines(checked.problems)).toEqual([
    "fleet.yaml:10:3 credentials.iris-key: is used by agents iris, loom: " +
      "give each its own secret, or give a reason in `sharedBecause`",
  ]);
  expect(lines(checked.warnings)).toEqual([
    "fleet.yaml:8:20 tenants.arc.isolation: all agents of this tenant share one uid and can read each other's secrets",
  ]);
});

test("groups and rights that give an agent additional access cause warnings, and a harmless group causes none", () => {
  const rights = "{linger: true, sudo: ['iris ALL=(ALL) ALL'], files: [~/a setuid root]}";
  const more = `routesTo: [loom], groups: [docker, video, lab], rights: ${rights}`;
  const { problems, warnings } = check(
    folder,
    broken("routesTo: [loom]", more).replace("arc: {}", "arc: {}\n  lab: {}"),
  );
  expect(lines(problems)).toEqual([]);
  const sentences = lines(warnings).map((line) => line.replace(/^\S+ agents\.iris\./, ""));
  expect(sentences.filter((one) => /^(groups|rights)/.test(one))).toEqual([
    expect.stringMatching(/^groups: docker: the agent can .*, which gives root privileges/),
    expect.stringMatching(/^groups: lab: the agent can read what only tenant lab can read/),
    expect.stringMatching(/^rights.linger: the agent can run its own systemd units/),
    expect.stringMatching(
      /^rights.sudo: iris ALL=\(ALL\) ALL: any program that runs as iris outside its unit/,
    ),
    expect.stringMatching(/^rights.files: ~\/a setuid root: anybody who starts this file/),
  ]);
});

test("agents with the same uid on different hosts do not share secrets", () => {
  const checked = check(folder, broken("arc: {}", "arc: {isolation: tenant}"));
  expect(lines(checked.problems)).toEqual([]);
  expect(checked.fleet?.agents["iris"]?.user).toBe("arc");
});

test("an OAuth login that is used on two hosts is an error, even with a reason", () => {
  const login = "type: oauth, env: API_KEY, sharedBecause: We have but one login.";
  const text = broken("type: api-key, env: API_KEY", login).replace(
    "{host: east",
    "{credentials: [iris-key], host: east",
  );
  expect(problemsOf(text)).toEqual([
    "fleet.yaml:10:3 credentials.iris-key: is an OAuth login on the hosts hub, east: its copies revoke each other " +
      "when one of them is refreshed; use one login for each host, or an API key for each agent",
  ]);
});

test("an agent is refused if it has the name of another tenant's shared user", () => {
  const text = broken("arc: {}", "arc: {}\n  loom: {isolation: tenant}").replace(
    "iris: {host: hub, tenant: arc",
    "iris: {host: hub, tenant: loom",
  );
  expect(problemsOf(text)).toEqual([
    'fleet.yaml:20:3 agents.loom: runs as Linux user "loom", which agent "iris" of tenant "loom" also uses',
  ]);
});

test.each([
  "/usr/share/keys/abcdefgh",
  "https://example.org/oauth/token",
  "aaaaaaaaaaaaaaaaaaaaaaaa",
  "short",
  "two words of text",
])("a variable with a name that suggests a secret can have a value that is not secret: %s", (value) => {
  expect(problemsOf(broken("routesTo: [loom]", `routesTo: [loom], env: {MY_TOKEN: "${value}"}`))).toEqual([]);
});

test("an agent is refused if the inventory says that its host's login has the same name", () => {
  expect(problemsOf(FLEET)).toEqual([]);
  const { problems } = checkFleet(join(folder.path, "fleet.yaml"), undefined, new Map([["east", "loom"]]));
  expect(lines(problems)).toEqual([
    expect.stringContaining('agents.loom: "loom" is the login of host "east"'),
  ]);
});

test.each([
  [
    "a tenant's shared user",
    broken("arc: {}", "arc: {isolation: tenant}").replace("192.0.2.1}", "192.0.2.1, user: arc}"),
    'tenants.arc: "arc" is the login of host "east"',
  ],
  [
    "the user of a service",
    broken("192.0.2.1}", "192.0.2.1, user: git}").replace(
      "agents:",
      "services:\n  forge: {host: east, packages: [nginx], user: git, account: {}}\nagents:",
    ),
    'services.forge.account: "git" is the login of host "east"',
  ],
])("the login of a host is refused as %s", (_, text, sentence) => {
  expect(problemsOf(text)).toEqual([expect.stringContaining(sentence)]);
});

test.each([
  [".claude/.credentials.json", "{}", "a file for a login"],
  [".codex/auth.json", "{}", "a file for a login"],
  [".config/x.json", '{"claudeAiOauth":{"refreshToken":"sk-ant-ort01-abcdefgh"}}', "a refresh token"],
  [
    "deploy",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n",
    "a private key",
  ],
  ["TOOLS.md", "Use the key sk-ant-api03-0123456789abcdefghij to call it.", "a key or token"],
])("a login among the files of an identity is an error: %s", (path, text, login) => {
  const file = `iris: {soul: SOUL.md, files: {${JSON.stringify(path)}: {text: ${JSON.stringify(text)}}}}`;
  expect(problemsOf(broken("iris: {soul: SOUL.md}", file))).toEqual([
    expect.stringContaining(`contains ${login}: declare it as a credential`),
  ]);
});

test("a text about keys and tokens is not a login", () => {
  const text = "Keys start with sk-ant-. A refreshToken is in auth.json. Never print a private key.";
  const file = `iris: {soul: SOUL.md, files: {TOOLS.md: {text: ${JSON.stringify(text)}}}}`;
  expect(problemsOf(broken("iris: {soul: SOUL.md}", file))).toEqual([]);
});

test.each([
  ["300.1.1.1", "is not an IP address"],
  ["192.0.2", "is not an IP address"],
  ["0.0.0.0", "is not the address of one host"],
  ["255.255.255.255", "is not the address of one host"],
  ["host.example.org:22", "must not contain a port"],
  ["2001:db8:::1", "is not an IP address"],
  ["a..example.org", "is not a host name"],
])("an address that no host can have is an error: %s", (address, sentence) => {
  expect(problemsOf(broken("address: 192.0.2.1", `address: "${address}"`))).toEqual([
    expect.stringContaining(sentence),
  ]);
});

test.each(["alias", "host_1.example.org", "host.example.org.", "2001:db8::1", "fe80::1%eth0"])(
  "an address that a host can have is accepted: %s",
  (address) => {
    expect(problemsOf(broken("address: 192.0.2.1", `address: "${address}"`))).toEqual([]);
  },
);

test("`~/` at the start of a working directory or a program means the agent's home", () => {
  const text = broken(
    "[loom], command: [/bin/true]",
    "[loom], workdir: ~/work, command: [~/bin/agent, ~/data]",
  );
  const { fleet, warnings } = check(folder, text);
  expect(fleet?.agents["iris"]).toMatchObject({
    workdir: "/home/iris/work",
    command: ["/home/iris/bin/agent", "~/data"],
  });
  expect(lines(warnings)).toEqual([expect.stringContaining("contains ~/, which nothing expands")]);
});

test.each([
  ['env: {A: "$HOME/bin:/bin"}, command: [/bin/true]', "contains $HOME"],
  ['env: {A: "x:~/bin"}, command: [/bin/true]', "contains ~/"],
  [`command: [/bin/true, "\${X}"]`, `contains \${X}`],
  ['workdir: "{{NAME}}", command: [/bin/true]', "contains {{NAME}}"],
  ['env: {A: "<YOUR_NAME>"}, command: [/bin/true]', "contains <YOUR_NAME>"],
  ['command: [/bin/echo, "--to=<RECIPIENT>"]', "contains <RECIPIENT>"],
])("a variable or placeholder that nothing expands causes a warning: %s", (agent, sentence) => {
  const { warnings } = check(folder, broken("[loom], command: [/bin/true]", `[loom], ${agent}`));
  expect(lines(warnings)).toEqual([expect.stringContaining(sentence)]);
});

test.each([
  ["You are <AGENT_NAME>.", ["contains <AGENT_NAME>"]],
  ["<RULES>\nBe kind.\n</RULES>", []],
])("a placeholder in an identity causes a warning, and a pair of tags causes none: %j", (soul, sentences) => {
  const file = `iris: {soul: SOUL.md, files: {TOOLS.md: {text: ${JSON.stringify(soul)}}}}`;
  const { warnings } = check(folder, broken("iris: {soul: SOUL.md}", file));
  expect(lines(warnings)).toEqual(sentences.map((sentence) => expect.stringContaining(sentence)));
});

test("variables and paths in a shell script cause no warning", () => {
  const text = broken("[loom], command: [/bin/true]", '[loom], command: [/bin/sh, -c, "exec $HOME/run ~/x"]');
  expect(lines(check(folder, text).warnings)).toEqual([]);
});

test("the name of a model with its vendor is an error for a runtime that takes only the model's name", () => {
  const runtime = (model: string) =>
    broken("[loom], command: [/bin/true]", `[loom], runtime: {kind: claude, model: "${model}"}`);
  expect(problemsOf(runtime("anthropic/claude-x"))).toEqual([expect.stringContaining("write claude-x")]);
  expect(problemsOf(runtime("claude-x"))).toEqual([]);
});

test("the error for a word or a command that is too long says what is too long", () => {
  const words = (...all: string[]) =>
    problemsOf(broken("[loom], command: [/bin/true]", `[loom], command: [/bin/echo, ${all.join(", ")}]`));
  expect(words("a".repeat(4097))).toEqual([expect.stringContaining("is longer than 4096 characters")]);
  expect(words(...Array<string>(5).fill("a".repeat(4000)))).toEqual([
    expect.stringContaining("more than the 16300 bytes that tmux accepts"),
  ]);
});

test.each([
  [
    '""',
    "is empty, and an empty text is not a key: declare a credential with `env: OPENAI_API_KEY`, or remove this variable",
  ],
  [
    `"\${OPENAI_API_KEY}"`,
    `contains \${OPENAI_API_KEY}, which nothing expands, so this text itself would be sent as the key: declare a credential with \`env: OPENAI_API_KEY\``,
  ],
])("a key in the environment of an agent is refused if its value is %s", (value, sentence) => {
  const env = `routesTo: [loom], env: {OPENAI_API_KEY: ${value}, MAX_TOKENS: "\${N}", EMPTY: ""}`;
  expect(problemsOf(broken("routesTo: [loom]", env)).map((line) => line.replace(/^\S+ /, ""))).toEqual([
    `agents.iris.env.OPENAI_API_KEY: ${sentence}`,
  ]);
});

test("an empty key in the environment of an adopted agent is only a warning", () => {
  const env = "routesTo: [loom], replaces: [old.service], env: {SLACK_BOT_TOKEN: ''}";
  const { problems, warnings } = check(folder, broken("routesTo: [loom]", env));
  expect(problems).toEqual([]);
  expect(lines(warnings)).toContainEqual(
    expect.stringContaining("agents.iris.env.SLACK_BOT_TOKEN: is empty, and an empty text is not a key"),
  );
});

test("a key with a reference in the unit file of a service is refused", () => {
  const unit = `unitFile: {text: "[Service]\\nExecStart=/bin/true\\nEnvironment=API_KEY=\${X} EMPTY=\\n[Install]\\nWantedBy=multi-user.target"}`;
  expect(problemsOf(`${FLEET}services:\n  web: {host: hub, ${unit}}\n`).join()).toContain(
    `services.web.unitFile: has API_KEY in Environment=, which contains \${X}, which nothing expands`,
  );
});

const NOT_GOT = 'which agent "iris" does not get: declare a credential with `env: OTHER_KEY` for this agent';

test.each([
  ["pi", ".pi/agent/models.json", '{"providers": {"own": {"apiKey": "$OTHER_KEY"}}}', NOT_GOT],
  ["pi", ".pi/agent/models.json", '{"providers": {"own": {"apiKey": "OTHER_KEY"}}}', NOT_GOT],
  ["pi", ".pi/agent/models.json", '{"providers": {"own": {"apiKey": "$API_KEY", "model": "$OTHER"}}}', ""],
  ["hermes", ".hermes/config.yaml", `custom_providers:\n- api_key: "\${OTHER_KEY}"`, NOT_GOT],
  ["hermes", ".hermes/config.yaml", "custom_providers:\n- key_env: OTHER_KEY", NOT_GOT],
  ["openclaw", ".openclaw/openclaw.json", `{"gateway": {"auth": {"token": "\${OTHER_KEY}"}}}`, NOT_GOT],
  ["openclaw", ".openclaw/openclaw.json", '{"apiKey": {"source": "env", "id": "OTHER_KEY"}}', NOT_GOT],
  ["codex", ".codex/config.toml", '[model_providers.own]\nenv_key = "OTHER_KEY"', NOT_GOT],
  ["claude", ".claude/settings.json", '{"apiKeyHelper": "printenv OTHER_KEY"}', NOT_GOT],
])(
  "a settings file that takes a key from a variable that the agent lacks is refused: %s, %s",
  (runtime, path, text, sentence) => {
    const file = `{text: ${JSON.stringify(text)}, write: merge}`;
    const fleet = broken("iris: {soul: SOUL.md}", `iris: {soul: SOUL.md, files: {${path}: ${file}}}`).replace(
      "command: [/bin/true]",
      `runtime: ${runtime}`,
    );
    const found = problemsOf(fleet).join("\n");
    if (sentence === "") expect(found).toBe("");
    else expect(found).toContain(sentence);
  },
);

test("a settings file can take a key from a declared .env file, and an adopted agent gets only a warning", () => {
  const files = `.hermes/config.yaml: {text: "api_key: \${OTHER_KEY}", write: merge}`;
  const fleet = broken("iris: {soul: SOUL.md}", `iris: {soul: SOUL.md, files: {${files}}}`).replace(
    "command: [/bin/true]",
    "runtime: hermes",
  );
  expect(problemsOf(fleet).join()).toContain(NOT_GOT);
  expect(problemsOf(fleet.replace(files, `${files}, .hermes/.env: {text: "OTHER_KEY=local"}`))).toEqual([]);
  const adopted = check(
    folder,
    fleet.replace("runtime: hermes", "runtime: hermes, replaces: [{service: old.service, user: olduser}]"),
  );
  expect(lines(adopted.problems)).toEqual([]);
  expect(lines(adopted.warnings).join()).toContain(NOT_GOT);
});

test("a warning says that pi sends a bare name itself as the key", () => {
  const files = `.pi/agent/models.json: {text: '{"apiKey": "API_KEY"}', write: merge}`;
  const checked = check(
    folder,
    broken("iris: {soul: SOUL.md}", `iris: {soul: SOUL.md, files: {${files}}}`).replace(
      "command: [/bin/true]",
      "runtime: pi",
    ),
  );
  expect(lines(checked.warnings).join()).toContain('write "$API_KEY"');
});

test("a settings file of Claude Code must name the variable under which the agent gets the key", () => {
  const files = `.claude/settings.json: {text: '{"apiKeyHelper": "printenv ANTHROPIC_API_KEY"}', write: merge}`;
  const fleet = broken("iris: {soul: SOUL.md}", `iris: {soul: SOUL.md, files: {${files}}}`)
    .replace("command: [/bin/true]", "runtime: claude")
    .replace("env: API_KEY", "env: ANTHROPIC_API_KEY");
  expect(problemsOf(fleet).join()).toContain(
    "claude gets this key as MUSTER_ANTHROPIC_API_KEY: write this name",
  );
});

const LOGIN = 'iris-login: {from: "file:login.json", type: oauth, file: .codex/auth.json}';
const WITH_LOGIN = broken("credentials: [iris-key]", "credentials: [iris-key, iris-login]").replace(
  "identities:",
  `  ${LOGIN}\nidentities:`,
);

test("a login file of one agent is accepted", () => {
  expect(problemsOf(WITH_LOGIN)).toEqual([]);
});

test.each([
  [
    "two agents on one host",
    "loom: {host: east, ",
    "loom: {credentials: [iris-login], host: hub, ",
    "credentials.iris-login: is a login file of iris, loom: its copies revoke each other when one of them is renewed; use one login for each agent",
  ],
  [
    "two hosts",
    "loom: {host: east, ",
    "loom: {credentials: [iris-login], host: east, ",
    "credentials.iris-login: is an OAuth login on the hosts hub, east: its copies revoke each other when one of them is refreshed; use one login for each host, or an API key for each agent",
  ],
  [
    "a variable",
    "file: .codex",
    "env: TOKEN, file: .codex",
    "credentials.iris-login.env: cannot be combined with `file`: a program cannot renew a login in a variable",
  ],
  [
    "a key",
    "type: oauth",
    "type: api-key",
    "credentials.iris-login.type: must be `oauth` with `file`, which is only for logins",
  ],
  [
    "a reason to share it",
    "file: .codex",
    "sharedBecause: We have but one login., file: .codex",
    "credentials.iris-login.sharedBecause: cannot be combined with `file`: a login that is renewed works for only one agent",
  ],
  [
    "the path of a file of the identity",
    "iris: {soul: SOUL.md}",
    "iris: {soul: SOUL.md, files: {.codex/auth.json: {text: x}}}",
    'credentials.iris-login.file: is .codex/auth.json, which identity "iris" of agent "iris" already has: choose one of the two',
  ],
  [
    "a path outside the home",
    ".codex/auth.json",
    "../auth.json",
    "credentials.iris-login.file: must be a path in the agent's home, such as .codex/auth.json",
  ],
])("a login file is refused with %s", (_, passage, replacement, sentence) => {
  expect(WITH_LOGIN).toContain(passage);
  const problems = problemsOf(WITH_LOGIN.replace(passage, () => replacement));
  expect(problems.map((line) => line.replace(/^\S+ /, ""))).toContain(sentence);
});

test("a service cannot have a login file", () => {
  const service = "services:\n  web: {host: hub, credentials: [iris-login]}\n";
  expect(
    problemsOf(`${WITH_LOGIN.replace("[iris-key, iris-login]", "[iris-key]")}${service}`).join(),
  ).toContain('services.web.credentials[0]: "iris-login" is a login file, which only an agent can have');
});

test("an agent passes the gates of its host, its providers and its credentials", () => {
  const text = broken("hub: {kind: local}", "hub: {kind: local, start: {stagger: 15s}}")
    .replace("env: API_KEY}", "env: API_KEY, provider: main, start: {stagger: 5}}")
    .replace(
      "credentials:\n",
      "providers: {main: {vendor: x, start: {stagger: 1m}}, other: {start: {stagger: 2}}}\ncredentials:\n",
    );
  const { fleet, problems } = check(folder, text);
  expect(lines(problems)).toEqual([]);
  expect(fleet?.agents["iris"]?.gates).toEqual({ host: 15, "provider-main": 60, "credential-iris-key": 5 });
  expect(fleet?.agents["loom"]).not.toHaveProperty("gates");
});

test("a time between starts that is not 1 to 300 seconds is refused", () => {
  expect(problemsOf(broken("hub: {kind: local}", "hub: {kind: local, start: {stagger: 1h}}"))).toEqual([
    'fleet.yaml:5:39 hosts.hub.start.stagger: must be 1 to 300 seconds, such as 30, "30s" or "5m"',
  ]);
});
