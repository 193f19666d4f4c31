import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { LISTING } from "./support/host-facts.ts";
import { makeProject, must, type Project } from "./support/project.ts";

let machine: Project;
let project: Project | undefined;

const onBox = (script: string) => machine.onHost("box", script);

/** Sets up a server by hand, without Muster, with two agents and other programs. */
const BY_HAND = `
  groupadd agents; apt-get -qq list --installed tmux sqlite3 >/dev/null 2>&1
  for name in iris loom; do useradd --create-home --gid agents --shell /bin/bash $name; done
  useradd --create-home bob
  printf '# Iris\\n\\nI am Iris.\\n' >/home/iris/SOUL.md; printf 'Be kind.\\n' >/home/iris/USER.md
  printf '# Loom\\n' >/home/loom/SOUL.md; ln -s /etc/shadow /home/loom/MEMORY.md
  sqlite3 /home/iris/contacts.db "CREATE TABLE contacts (name TEXT PRIMARY KEY, display_name TEXT, type TEXT, email TEXT);
    INSERT INTO contacts VALUES ('ada', 'Ada', 'human', 'ada@example.org'), ('Odd One', '', '', '')"
  printf '#!/bin/sh\\nwhile :; do echo alive >>/home/iris/log; sleep 1; done\\n' >/home/iris/agent.sh
  chown -R iris:agents /home/iris; chown -R loom:agents /home/loom; chmod 750 /home/iris
  mkdir -p /etc/agents; echo 'ANTHROPIC_API_KEY=sk-canary-by-hand' >/etc/agents/iris; chmod 600 /etc/agents/iris
  cat >/etc/systemd/system/iris.service <<UNIT
[Service]
User=iris
Group=agents
WorkingDirectory=/home/iris
Environment=LOG_LEVEL=info
EnvironmentFile=/etc/agents/iris
ExecStart=/bin/sh /home/iris/agent.sh
[Install]
WantedBy=multi-user.target
UNIT
  cat >/etc/systemd/system/loom.service <<'UNIT'
[Service]
User=loom
ExecStart=/bin/sh -c 'exec sleep \${SLEEP_TIME}'
Environment=SLEEP_TIME=infinity
UNIT
  systemctl daemon-reload; systemctl enable -q --now iris.service; systemctl start loom.service`;

beforeAll(async () => {
  machine = await makeProject(localFleet({ hosts: ["box"], agents: {} }));
  const box = "urn:pulumi:test::muster::muster:index:LocalHost::box";
  await must(machine.pulumi(["up", "--yes", "--skip-preview", "--target", box]));
  await onBox(BY_HAND);
});

afterAll(async () => {
  await project?.dispose();
  await machine?.dispose();
});

function importing(...more: string[]) {
  const { hosts } = parse(machine.read("stacks/inventory.local.yaml")) as {
    hosts: { box: { address: string } };
  };
  const key = join(machine.dir, ".muster/ssh/id_ed25519");
  const login = ["--ssh", hosts.box.address, "--user", "root", "--identity-file", key];
  return machine.fleet(["import", "host", "box", ...login, ...more]);
}

/** Returns the text of each file that the import has written, by path. */
function proposed(): Record<string, string> {
  const dir = join(machine.dir, "imported/box");
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}

describe("a host with running agents", () => {
  test("is described in a new fleet.yaml, and `fleet import` changes nothing on the host", async () => {
    // Omit the agent's log, because the agent writes to it during the import.
    const listing = `{ ${LISTING}; } | grep -v '^/home/iris/log '`;
    const before = await onBox(listing);
    const { stdout, all } = await must(importing());
    expect(await onBox(listing)).toBe(before);
    expect(all).not.toContain("canary");
    expect(JSON.stringify(proposed())).not.toContain("canary");
    expect(stdout).toContain("iris.service keeps running it");
    expect(stdout).toContain("npx pulumi config set --secret muster:iris-anthropic-api-key");
    expect(stdout).toMatch(
      /Not declared.*\n(.*\n)*.*loom\.service of user loom: .* is not a single command of plain words/,
    );
    expect(stdout).toContain("user bob: no service runs as it");
    expect(stdout).toMatch(/ssh-ed25519 SHA256:\S{43}/);
    expect(Object.keys(proposed()).sort()).toEqual([
      "fleet.yaml",
      "identities/iris/SOUL.md",
      "identities/iris/USER.md",
    ]);
    expect((await must(importing(), 2)).all).toContain("it already exists");
  });

  test("is adopted by `pulumi up`, which restarts nothing on the host", async () => {
    const pids = "systemctl show -P MainPID loom.service iris.service";
    const before = await onBox(pids);
    project = await makeProject(proposed(), { "iris-anthropic-api-key": "sk-canary-by-hand" });
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    expect(await onBox(pids)).toBe(before);
    await must(project.fleet(["drift"]));
    await must(project.pulumi(["preview", "--expect-no-changes"]));
    expect((await must(project.fleet(["start", "iris"]), 2)).all).toContain("it still runs in iris.service");
  });

  test("restarts its agent once, in Muster's own unit, when `takeOver: later` is removed from fleet.yaml", async () => {
    const loom = await onBox("systemctl show -P MainPID loom.service");
    const fleetYaml = (project as Project).read("fleet.yaml");
    (project as Project).write("fleet.yaml", fleetYaml.replace(/ *takeOver: later\n/, ""));
    await must((project as Project).pulumi(["up", "--yes", "--skip-preview"]));
    await must((project as Project).fleet(["drift"]));
    await must((project as Project).pulumi(["preview", "--expect-no-changes"]));
    expect(
      await onBox(
        "systemctl is-active iris.service muster-agent-iris.service; systemctl is-enabled iris.service; true",
      ),
    ).toBe("inactive\nactive\ndisabled");
    expect(
      await onBox(
        "systemctl show -P NRestarts muster-agent-iris.service; pgrep -u iris -c -xf '/bin/sh /home/iris/agent.sh'",
      ),
    ).toBe("0\n1");
    const environ = "tr '\\0' '\\n' </proc/$(pgrep -u iris -xf '/bin/sh /home/iris/agent.sh')/environ";
    expect(await onBox(environ)).toMatch(
      /ANTHROPIC_API_KEY=sk-canary-by-hand[\s\S]*LOG_LEVEL=info|LOG_LEVEL=info[\s\S]*ANTHROPIC_API_KEY/,
    );
    expect(await onBox("sqlite3 /home/iris/contacts.db 'SELECT name FROM contacts ORDER BY name'")).toContain(
      "Odd One",
    );
    expect(await onBox("systemctl show -P MainPID loom.service")).toBe(loom);
  });

  test("has drift if somebody starts the agent's former unit, and `pulumi up` stops that unit", async () => {
    await onBox("systemctl enable -q --now iris.service");
    const { stdout } = await must((project as Project).fleet(["drift"]), 7);
    expect(stdout).toMatch(/iris +former iris\.service +active/);
    await must((project as Project).pulumi(["up", "--yes", "--skip-preview"]));
    expect(await onBox("systemctl is-active iris.service || true")).toBe("inactive");
    const text = (project as Project).read("fleet.yaml");
    (project as Project).write("fleet.yaml", text.replace("- iris.service", "- ssh.service"));
    const { all } = await must((project as Project).pulumi(["up", "--yes", "--skip-preview"]), 1);
    expect(all).toMatch(/former ssh\.service.*: it runs as root, not as iris/);
    expect(await onBox("systemctl is-active ssh.service")).toBe("active");
    (project as Project).write("fleet.yaml", text);
    await must((project as Project).pulumi(["up", "--yes", "--skip-preview"]));
  });
});
