import { describe, expect, test } from "vitest";
import { broken, check, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();

const UNIT = `[Unit]
Description=A forge

[Service]
User=git
Environment="GITEA_WORK_DIR=/var/lib/gitea" \\
  # a comment among continued lines
  HOME=/var/lib/gitea
ExecStart=/usr/local/bin/gitea web

[Install]
WantedBy=multi-user.target
`;

/** Checks the small fleet with one more service, and returns the problems. */
function withService(entry: string, unit = UNIT, extra = ""): string {
  write(folder.path, { "gitea.service": unit });
  return broken("agents:", `services:\n  forge: ${entry}\n${extra}agents:`);
}

const problems = (entry: string, unit?: string, extra?: string) =>
  lines(check(folder, withService(entry, unit, extra)).problems);

const serviceOf = (entry: string, unit?: string) =>
  check(folder, withService(entry, unit)).fleet?.services["forge"];

const OWN = "{host: hub, unit: gitea.service, unitFile: {from: gitea.service}";

describe("a service in fleet.yaml", () => {
  test("runs as root in a unit with the same name if fleet.yaml declares only its packages", () => {
    expect(serviceOf("{host: hub, packages: [redis-server]}")).toMatchObject({
      unit: "forge.service",
      packages: ["redis-server"],
      user: "root",
      enabled: "enabled",
      running: true,
      onUnhealthy: "restart",
      grace: 60,
      restarts: { most: 5, within: 3600 },
    });
  });

  test("runs as the user in its unit file, and counts as static if the file has no [Install] section", () => {
    expect(serviceOf(`${OWN}}`)).toMatchObject({ text: UNIT, user: "git", enabled: "enabled" });
    const still = UNIT.split("[Install]")[0] ?? "";
    expect(serviceOf(`${OWN}, enabled: false}`, still)).toMatchObject({ enabled: "static" });
    expect(problems(`${OWN}}`, still)).toEqual([
      expect.stringContaining("has no [Install] section, so the service would not"),
    ]);
  });

  test("has its declared files, account and health check", () => {
    const entry = `${OWN}, files: {/etc/gitea/app.ini: {text: "a\\n", owner: git, mode: "0640"}}, account: {shell: /bin/bash}, health: {http: "http://127.0.0.1:3000/", expect: 200}}`;
    expect(serviceOf(entry)).toMatchObject({
      files: { "/etc/gitea/app.ini": { text: "a\n", owner: "git", group: "git", mode: "0640" } },
      account: { home: "/var/lib/forge", shell: "/bin/bash" },
      health: { probe: { kind: "http", expect: ["200"] }, interval: 30, failures: 3, successes: 2 },
    });
  });
});

describe("an invalid service in fleet.yaml", () => {
  test.each([
    [
      "a unit of the system",
      "{host: hub, unit: ssh.service}",
      '"ssh.service" is essential to the host itself',
    ],
    [
      "another unit of the system",
      "{host: hub, unit: systemd-journald.service}",
      "is essential to the host itself",
    ],
    [
      "a unit of Muster",
      "{host: hub, unit: muster-hostd.service}",
      '"muster-hostd.service" is Muster\'s own',
    ],
    ["a unit of an agent", "{host: hub, unit: muster-agent-iris.service}", "is Muster's own"],
    ["a unit that is not a service", "{host: hub, unit: nginx.socket}", "must be the name of a service unit"],
    ["a template", "{host: hub, unit: a@b.service}", "must be the name of a service unit"],
    ["a path instead of a unit", "{host: hub, unit: ../../x.service}", "must be the name of a service unit"],
    ["an unknown host", "{host: hubb}", 'no host is named "hubb"; did you mean "hub"?'],
    ["an unknown credential", "{host: hub, credentials: [a]}", 'no credential is named "a"'],
    [
      "a package that is an option of apt",
      "{host: hub, packages: [--yes]}",
      "must be the name of a Debian package",
    ],
    [
      "a file outside /etc, /opt and /usr/local",
      "{host: hub, files: {/home/iris/a: {text: a}}}",
      "must be an absolute path in /etc, /opt or /usr/local",
    ],
    [
      "a file path that contains ..",
      "{host: hub, files: {/etc/../root/a: {text: a}}}",
      "must be an absolute path in /etc, /opt or /usr/local",
    ],
    [
      "a unit as a file",
      "{host: hub, files: {/etc/systemd/system/a.service: {text: a}}}",
      "cannot be written by a service",
    ],
    [
      "a configuration file of sudo",
      "{host: hub, files: {/etc/sudoers.d/a: {text: a}}}",
      "cannot be written by a service",
    ],
    [
      "/etc/passwd as its file",
      "{host: hub, files: {/etc/passwd: {text: a}}}",
      "cannot be written by a service",
    ],
    [
      "a file of Muster's own runtime",
      "{host: hub, files: {/usr/local/lib/muster/run: {text: a}}}",
      "cannot be written by a service",
    ],
    [
      "an account for a system user",
      "{host: hub, user: www-data, account: {}}",
      'would create the user "www-data"',
    ],
    ["an account for root", "{host: hub, account: {}}", 'would create the user "root"'],
    [
      "a check without a probe",
      "{host: hub, health: {}}",
      "must have exactly one of `http`, `tcp` and `command`",
    ],
    [
      "a command without a user",
      "{host: hub, health: {command: [/bin/true]}}",
      "runs a command without a declared user",
    ],
    [
      "a check of a stopped service",
      "{host: hub, running: false, health: {tcp: 1}}",
      "needs a service that runs: remove this check, or `running: false`",
    ],
    [
      "a grace period without a check",
      "{host: hub, grace: 5}",
      "is only for a service with a `health` check",
    ],
    [
      "an unknown onUnhealthy",
      "{host: hub, health: {tcp: 1}, onUnhealthy: reboot}",
      "must be restart or tell",
    ],
  ])("is refused if it has %s", (_, entry, sentence) => {
    expect(problems(entry)).toEqual([expect.stringContaining(sentence)]);
  });

  test.each([
    ["control characters", "\u0001\u0002", "contains a control character in line 1"],
    [
      "a line that is not a section or a setting",
      "this is not a unit\n",
      "is not a unit file: line 1 is neither a [Section] nor a Key=value in a section",
    ],
    [
      "a setting without a section",
      "ExecStart=/bin/true\n",
      "is not a unit file: line 1 is neither a [Section] nor a Key=value in a section",
    ],
    [
      "no ExecStart=",
      "[Unit]\nDescription=a\n[Install]\nWantedBy=a\n",
      "has no ExecStart= in its [Service] section",
    ],
    ["sshd as an alias", `${UNIT}Alias=forge.service sshd.service\n`, 'has an Alias=, but "sshd.service"'],
    ["Windows line ends", UNIT.replaceAll("\n", "\r\n"), "contains a control character in line 1"],
    [
      "a secret in its environment",
      UNIT.replace("User=git", "User=git\nEnvironment=A=1 TOKEN=kX9fQ2mZ7vB4tR8wL1pD"),
      "has a value that looks like a secret in TOKEN",
    ],
  ])("is refused if its unit file has %s", (_, unit, sentence) => {
    expect(problems(`${OWN}}`, unit)[0]).toContain(sentence);
  });

  test("is refused if fleet.yaml and the unit file name different users", () => {
    expect(problems(`${OWN}, user: iris}`)).toEqual([
      expect.stringContaining('is "iris", but the unit file has User=git'),
    ]);
  });

  test("is refused if it has another service's unit or an agent's name", () => {
    const extra = "  other: {host: hub, unit: gitea.service}\n  iris: {host: hub}\n";
    expect(problems("{host: hub, unit: gitea.service}", UNIT, extra)).toEqual([
      expect.stringContaining('services.other: gitea.service belongs to service "forge" already'),
      expect.stringContaining("services.iris: is also the name of an agent"),
    ]);
  });

  test("is refused if it shares a secret with an agent and declares no reason", () => {
    expect(problems("{host: hub, credentials: [iris-key]}")).toEqual([
      expect.stringContaining("is used by agents iris and services forge: give each its own"),
    ]);
  });
});
