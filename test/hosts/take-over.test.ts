import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

/** A server that was used before Muster, and the projects that manage it. */
let machine: Project;
let project: Project;

const onBox = (script: string) => machine.onHost("box", script);
const LOOP = ["/bin/sh", "-c", "while :; do date; sleep 1; done"];
const UP = ["up", "--yes", "--skip-preview"];

/** Users with running services. ezra shares a folder with vera. sam, tom and kim share nothing. */
const BY_HAND = `
  for name in ezra vera sam tom; do useradd --create-home --shell /bin/bash $name; done
  useradd --create-home kim
  usermod --append --groups ezra vera; usermod --append --groups video sam
  chmod 0755 /home/ezra; install -d -o ezra -g ezra -m 2775 /home/ezra/shared
  echo secret >/home/ezra/shared/f; chown ezra:ezra /home/ezra/shared/f; chmod 0660 /home/ezra/shared/f
  chmod 0750 /home/sam; echo '# Sam' >/home/sam/SOUL.md; chown sam:sam /home/sam/SOUL.md; chmod 0664 /home/sam/SOUL.md
  for name in ezra sam tom; do
    printf '[Service]\\nUser=%s\\nExecStart=/bin/sleep 100000\\n[Install]\\nWantedBy=multi-user.target\\n' $name \\
      >/etc/systemd/system/$name.service
  done
  printf '[Service]\\nUser=kim\\nExecStart=/bin/sleep 100000\\n' >/etc/systemd/system/kimjob.service
  systemctl daemon-reload; systemctl enable -q --now ezra sam tom; systemctl start kimjob`;

beforeAll(async () => {
  machine = await makeProject(localFleet({ hosts: ["box"], agents: {} }));
  const box = "urn:pulumi:test::muster::muster:index:LocalHost::box";
  await must(machine.pulumi([...UP, "--target", box]));
  await onBox(BY_HAND);
  project = await makeProject(fleet({ ezra: {}, sam: {}, tom: {} }));
});

afterAll(async () => {
  await project?.dispose();
  await machine?.dispose();
});

/** Agents by name, with the settings that differ from those of an adopted agent that is not taken over yet. */
type Agents = Readonly<Record<string, object>>;

function fleet(agents: Agents, host: object = {}, name = "box"): Record<string, string> {
  const { hosts } = parse(readFileSync(join(machine.dir, "stacks/inventory.local.yaml"), "utf8")) as {
    hosts: { box: { address: string } };
  };
  const key = join(machine.dir, ".muster/ssh/id_ed25519");
  const login = { kind: "ssh", address: hosts.box.address, user: "root", identityFile: key, ...host };
  const names = Object.keys(agents);
  const declared = names.map((agent) => {
    const adopted = { replaces: [`${agent}.service`], takeOver: "later", command: LOOP, onChange: "now" };
    return [agent, { host: name, tenant: "team", identity: agent, ...adopted, ...agents[agent] }];
  });
  const yaml = {
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "test" },
    hosts: { [name]: login },
    tenants: { team: {} },
    identities: Object.fromEntries(names.map((agent) => [agent, { soul: `${agent}.md` }])),
    contacts: Object.fromEntries(names.map((agent) => [agent, { type: "agent" }])),
    agents: Object.fromEntries(declared),
  };
  const souls = names.map((agent) => [`${agent}.md`, `# ${agent}\n`]);
  return { "fleet.yaml": stringify(yaml), ...Object.fromEntries(souls) };
}

function declare(agents: Agents): void {
  for (const [path, text] of Object.entries(fleet(agents))) project.write(path, text);
}

/**
 * The state that neither `takeOver: later` nor the return of an agent is allowed to change: accounts, groups, and the
 * owners and modes of homes.
 */
const ACCESS = `
  for name in ezra sam tom; do id -gn $name; id -Gn $name | tr ' ' '\\n' | sort | xargs; getent passwd $name; done
  stat -c '%n %U %G %a' /home/ezra /home/sam /home/tom /home/ezra/shared/f`;

const UNITS = "systemctl is-active ezra sam tom; systemctl is-enabled ezra sam tom; true";
const ALL_UP = "active\nactive\nactive\nenabled\nenabled\nenabled";
const own = (name: string) => `muster-agent-${name}.service`;

let before = "";

describe("an adopted agent", () => {
  test("keeps everything that its running units need until Muster takes over the agent", async () => {
    before = await onBox(ACCESS);
    const pids = await onBox("systemctl show -P MainPID ezra sam tom");
    await must(project.pulumi(UP));
    expect(await onBox(ACCESS)).toBe(before);
    expect(await onBox("runuser -u vera -- cat /home/ezra/shared/f")).toBe("secret");
    expect(await onBox("stat -c '%U %G %a' /home/sam/SOUL.md")).toBe("sam sam 664");
    expect(await onBox("systemctl show -P MainPID ezra sam tom")).toBe(pids);
    await must(project.fleet(["drift"]));
    await must(project.pulumi(["preview", "--expect-no-changes"]));
  });

  test.each([
    ["exits at once", ["/bin/true"]],
    ["exits after a few seconds", ["/bin/sh", "-c", "sleep 4; exit 1"]],
  ])("runs in its former unit again if its program %s", async (_, command) => {
    declare({ ezra: {}, sam: { takeOver: "now", command }, tom: {} });
    const { all } = await must(project.pulumi(UP), 1);
    expect(all).toMatch(
      /muster-agent-sam\.service did not take over from sam\.service|sam\.service is enabled as before and runs the agent again/,
    );
    expect(await onBox(UNITS)).toBe(ALL_UP);
    expect(
      await onBox(`systemctl is-active ${own("sam")}; systemctl is-enabled ${own("sam")}; true`),
    ).toMatch(/^(inactive|failed)\ndisabled$/);
    expect((await must(project.fleet(["history", "sam"]))).stdout).toMatch(/given-back +to sam\.service/);
  });

  test.each([
    [
      "its program is in another user's home",
      { command: ["/home/vera/agent"] },
      "the agent's unit does not see /home/vera/agent",
    ],
    [
      "its interpreter is missing",
      { command: ["/usr/local/bin/lost"] },
      "/usr/local/bin/lost needs /usr/bin/no-such to run",
    ],
    [
      "its script is in another user's home",
      { command: ["/bin/sh", "/home/vera/agent"] },
      "the agent's unit does not see /home/vera/agent",
    ],
    ["its working directory is missing", { workdir: "/home/vera/none" }, "its working directory"],
  ])("is not stopped at all if %s", async (_, settings, reason) => {
    await onBox(`
      chmod 0755 /home/vera; printf '#!/bin/sh\nsleep 1000\n' >/home/vera/agent; chmod 0755 /home/vera/agent
      printf '#!/usr/bin/no-such\n' >/usr/local/bin/lost; chmod 0755 /usr/local/bin/lost`);
    const pid = await onBox("systemctl show -P MainPID sam");
    declare({ ezra: {}, sam: { takeOver: "now", ...settings }, tom: {} });
    expect((await must(project.pulumi(UP), 1)).all).toContain(reason);
    expect(await onBox("systemctl show -P MainPID sam")).toBe(pid);
    expect(await onBox(UNITS)).toBe(ALL_UP);
  });

  test("runs in its former unit again if the run is killed and its program ends", async () => {
    declare({ ezra: {}, sam: {}, tom: { takeOver: "now", command: ["/bin/sh", "-c", "sleep 6; exit 1"] } });
    const run = project.pulumi(UP);
    await expect.poll(() => onBox("systemctl is-active tom; true"), { timeout: 120_000 }).toBe("inactive");
    await onBox("pkill -KILL -f 'host.mjs serv[e]'");
    await run;
    await expect.poll(() => onBox(UNITS), { timeout: 120_000 }).toBe(ALL_UP);
  });

  test("is taken over when its own unit has run long enough, or with its first heartbeat", async () => {
    const beats = {
      takeOver: "now",
      command: ["/bin/sh", "-c", "muster-beat idle; sleep 25; exit 1"],
      heartbeat: { by: "file", interval: "60s", timeout: "300s" },
    };
    declare({ ezra: {}, sam: { takeOver: "now" }, tom: beats });
    await must(project.pulumi(UP));
    expect(await onBox(`systemctl is-active sam tom ${own("sam")}; systemctl is-enabled sam tom; true`)).toBe(
      "inactive\ninactive\nactive\ndisabled\ndisabled",
    );
    expect(await onBox("stat -c '%U %G %a' /home/sam; id -gn sam")).toBe("sam team 700\nteam");
    await must(project.fleet(["drift"]));
    await onBox("runuser -u sam -- sh -c 'echo learned >~/notes'");
  });

  test("is given back when it is removed from fleet.yaml: its user, home, groups and former unit are as before", async () => {
    declare({ ezra: {} });
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toMatch(
      /sam[\s\S]*gives back user sam and home \/home\/sam as found[\s\S]*restores sam\.service/,
    );
    expect(preview.all).toMatch(/tom[\s\S]*restores tom\.service/);
    await must(project.pulumi(UP));
    expect(await onBox(ACCESS)).toBe(before);
    expect(await onBox(UNITS)).toBe(ALL_UP);
    expect(
      await onBox("cat /home/sam/notes; stat -c '%G' /home/sam/notes; stat -c '%U %G %a' /home/sam/SOUL.md"),
    ).toBe("learned\nsam\nsam sam 664");
    expect(await onBox(`ls /etc/systemd/system | grep -c 'muster-agent-\\(sam\\|tom\\)'; true`)).toBe("0");
  });

  test("is given back when its stack is destroyed", async () => {
    const pid = await onBox("systemctl show -P MainPID ezra");
    await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
    expect(await onBox(ACCESS)).toBe(before);
    expect(await onBox(UNITS)).toBe(ALL_UP);
    expect(await onBox("systemctl show -P MainPID ezra")).toBe(pid);
    expect(
      await onBox("ls -d /var/lib/muster /usr/local/lib/muster 2>/dev/null; getent group team; true"),
    ).toBe("");
  });
});

describe("a name that belongs to somebody else", () => {
  test("is refused if a person's user with this name runs a service", async () => {
    declare({ kim: { replaces: undefined, takeOver: undefined } });
    const { all } = await must(project.pulumi(UP), 1);
    expect(all).toMatch(/the user kim exists on the host already and runs kimjob\.service/);
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toContain(
      "box: kim: the user kim exists on the host already and runs kimjob.service.",
    );
    expect(await onBox("systemctl is-active kimjob; id -gn kim; stat -c %G /home/kim")).toBe(
      "active\nkim\nkim",
    );
  });

  test("is refused if another stack manages the user, even if that stack uses another name for the host", async () => {
    declare({ sam: {} });
    await must(project.pulumi(UP));
    const other = await makeProject(fleet({ sam: {} }, {}, "server"));
    try {
      // Both projects have the same name, so the stacks must have different names.
      other.write("stacks/other.passphrase", "a passphrase for tests\n", 0o600);
      await must(other.pulumi(["stack", "init", "other"]));
      const { all } = await must(other.pulumi([...UP, "--stack", "other"]), 1);
      expect(all).toMatch(/belongs to box\/sam\/agent of the stack/);
    } finally {
      await other.dispose();
    }
    await must(project.fleet(["drift"]));
  });
});

describe("the login of a host", () => {
  test("is neither adopted nor removed, even if fleet.yaml declares this", async () => {
    await onBox(`
      useradd --create-home --shell /bin/bash ops; echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
      install -d -m 0700 -o ops -g ops /home/ops/.ssh
      install -m 0600 -o ops -g ops /etc/muster-host/authorized_keys /home/ops/.ssh/authorized_keys`);
    const account = await onBox("getent passwd ops; stat -c '%U %G %a' /home/ops");
    project.write("other/fleet.yaml", fleet({ ops: {} }, { user: "ops" })["fleet.yaml"] ?? "");
    project.write("other/ops.md", "# ops\n");
    const validated = await must(project.fleet(["validate", "other/fleet.yaml"]), 2);
    expect(validated.all).toMatch(/agents\.ops: "ops" is the login of host "box"/);
    const want = { present: true, group: "ops", home: "/home/ops", shell: "/bin/bash" };
    const items = { "user ops": { kind: "user", name: "ops", want } };
    const request = { op: "remove", id: "box/ops/agent", owner: "test/test", items };
    const line = JSON.stringify({ seq: 1, request });
    const answer = await onBox(
      `echo '${line}' | runuser -u ops -- sudo -n /usr/local/lib/muster/run serve 2>&1`,
    );
    expect(answer).toMatch(/user ops was not removed.*Muster is logged in to this host as ops/);
    expect(await onBox("getent passwd ops; stat -c '%U %G %a' /home/ops")).toBe(account);
  });
});
