import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const LAYOUT = { hosts: ["hub"], agents: { hub: ["iris", "loom"] } };

interface Fleet {
  agents: Record<string, Record<string, unknown> | undefined>;
  identities: Record<string, unknown>;
  contacts: Record<string, unknown>;
  credentials: Record<string, unknown>;
  moved?: unknown;
}

let project: Project;
const hub = (script: string) => project.onHost("hub", script);
const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);
const drift = async (exitCode = 0) => (await must(project.fleet(["drift"]), exitCode)).stdout;
const groupsOf = (user: string) => hub(`id -nG ${user}`);

function edit(change: (fleet: Fleet) => void): void {
  const fleet = parse(project.read("fleet.yaml")) as Fleet;
  change(fleet);
  project.write("fleet.yaml", stringify(fleet));
}

const declare = (agent: string, keys: object) =>
  edit(({ agents }) => Object.assign(agents[agent] ?? {}, keys));

beforeAll(async () => {
  project = await makeProject(localFleet(LAYOUT), secretsFor(LAYOUT));
  await up();
  await hub(`export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null; apt-get install -qq --no-install-recommends cron at libcap2-bin >/dev/null 2>&1
    groupadd -f docker; groupadd -f red`);
});

afterAll(() => project?.dispose());

/** Returns the supplementary groups with which an agent's program runs. */
const groupsInUnit = (agent: string) =>
  hub(`pid=$(systemctl show -P MainPID muster-agent-${agent})
    for gid in $(sed -n 's/^Groups:\\s*//p' /proc/$pid/status); do getent group $gid | cut -d: -f1; done`);

describe("a group of an agent's user", () => {
  test("is drift if it is not declared, and `up` removes it, even from the running agent", async () => {
    await hub("usermod -aG docker,sudo,red iris; systemctl restart muster-agent-iris");
    expect(await groupsInUnit("iris")).toContain("docker");
    const stdout = await drift(7);
    expect(stdout).toMatch(
      /iris +user iris +groups +declared none +observed docker red sudo +changed on the host/,
    );
    expect(stdout).toContain("`npx pulumi up` repairs it");
    await up();
    expect(await groupsOf("iris")).toBe("arc");
    expect(await groupsInUnit("iris")).not.toContain("docker");
    expect(await drift()).toContain("no drift");
  });

  test("is kept or added if it is declared, and `fleet validate` says to what the group gives access", async () => {
    await hub("usermod -aG docker iris");
    declare("iris", { groups: ["docker", "video"] });
    const { all } = await must(project.fleet(["validate"]));
    expect(all).toMatch(/agents.iris.groups: docker: the agent can .*root privileges/);
    await up();
    expect((await groupsOf("iris")).split(" ").sort()).toEqual(["arc", "docker", "video"]);
    expect(await drift()).toContain("no drift");
  });

  test("is refused if it does not exist, and the error says what to do", async () => {
    declare("iris", { groups: ["nowhere"] });
    const stdout = await drift();
    expect(stdout).toMatch(
      /the group nowhere, .* does not exist on this host. Create it with `groupadd nowhere`/,
    );
    expect(stdout).not.toContain("repairs");
    expect((await up(1)).all).toContain("the group nowhere");
    declare("iris", { groups: [] });
    await up();
    expect(await groupsOf("iris")).toBe("arc");
  });
});

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f somebody";

describe("a right that an agent's user gets on the host", () => {
  test("is reported as drift, and `up` succeeds without changing this right", async () => {
    await hub(`echo '%arc ALL=(root)   NOPASSWD: /usr/bin/apt-get' >/etc/sudoers.d/team
      echo 'User_Alias BOTS = loom, iris' >>/etc/sudoers.d/team; echo 'BOTS ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers.d/team
      loginctl enable-linger iris
      install -d -o iris -g arc -m 700 /home/iris/.ssh /home/iris/bin
      echo '${KEY}' | install -o iris -g arc -m 600 /dev/stdin /home/iris/.ssh/authorized_keys2
      install -m 4755 /bin/true /home/iris/bin/root; install -m 755 /bin/true /home/iris/bin/net
      setcap cap_net_raw=ep /home/iris/bin/net; install -o iris -m 4755 /bin/true /usr/local/bin/as-iris`);
    const stdout = await drift(7);
    expect(stdout).toMatch(
      /iris +rights of iris +sudo +declared none +observed %arc ALL=\(root\) NOPASSWD: \/usr/,
    );
    expect(stdout).toMatch(
      /iris +rights of iris +sudo +declared none +observed BOTS ALL=\(ALL\) NOPASSWD: ALL/,
    );
    expect(stdout).toMatch(/loom +rights of loom +sudo +declared none +observed BOTS/);
    expect(stdout).toMatch(/iris +rights of iris +keys +declared none +observed SHA256:/);
    expect(stdout).toMatch(/iris +rights of iris +linger +declared false +observed true/);
    for (const file of [
      "~/bin/root setuid root",
      "~/bin/net cap_net_raw=ep",
      "/usr/local/bin/as-iris setuid iris",
    ])
      expect(stdout).toMatch(new RegExp(`rights of iris +files +declared none +observed ${file}`));
    expect(stdout).toMatch(
      /iris: iris has rights that are not declared, and `up` does not remove them: .*\/etc\/sudoers.d\/team/,
    );
    expect(stdout).toContain("Remove them on the host, or declare them in `rights`.");
    expect(stdout).not.toContain("repairs");
    expect((await up()).all).toContain(
      "iris has rights that are not declared, and `up` does not remove them",
    );
    expect(await drift(7)).toContain("changed on the host");
    expect(await hub("ls /var/lib/systemd/linger; stat -c %a /home/iris/bin/root")).toMatch(/iris\s+4755/);
  });

  test("is not drift if it is declared as `fleet drift` shows it, and is drift again when it is missing", async () => {
    const shown = JSON.parse((await must(project.fleet(["drift", "--json"]), 7)).stdout) as {
      findings: { agent: string; property: string; observed: string }[];
    };
    for (const agent of ["iris", "loom"]) {
      const of = (name: string) =>
        shown.findings.flatMap((one) => (one.agent === agent && one.property === name ? [one.observed] : []));
      const lists = { sudo: of("sudo"), keys: of("keys"), files: of("files") };
      declare(agent, { rights: { ...lists, linger: agent === "iris" } });
    }
    const { all } = await must(project.fleet(["validate"]));
    expect(all).toMatch(/agents.iris.rights.keys: anybody with one of these keys can log in as iris/);
    await up();
    expect(await drift()).toContain("no drift");
    await hub("rm /etc/sudoers.d/team");
    const stdout = await drift(7);
    expect(stdout).toMatch(/rights of iris +sudo +declared BOTS .*observed none/);
    expect(stdout).toContain("Remove it from `rights`.");
    await hub("rm -r /home/iris/bin /home/iris/.ssh /usr/local/bin/as-iris; loginctl disable-linger iris");
    for (const agent of ["iris", "loom"]) declare(agent, { rights: {} });
    await up();
    expect(await drift()).toContain("no drift");
  });
});

describe("an undeclared program", () => {
  test("is listed with its unit or its process, for every way to start a program", async () => {
    await hub(`cd /etc/systemd/system; mkdir -p /opt/u drop.service.d /etc/systemd/user
      unit() { printf '[Service]\\n%b\\nExecStart=/bin/sleep %s\\n' "$2" "$3" >"$1"; }
      unit claude@.service 'User=%i' 7771; unit /opt/u/linked.service User=iris 7772
      unit number.service "User=$(id -u iris)" 7773; unit drop.service '' 7774
      printf '[Service]\\nUser=iris\\n' >drop.service.d/user.conf
      unit /etc/systemd/user/all.service '' 7775
      install -d -o iris -g arc /home/iris/.config /home/iris/.config/systemd /home/iris/.config/systemd/user \\
        /home/iris/.local /home/iris/.local/share /home/iris/.local/share/systemd /home/iris/.local/share/systemd/user
      unit /home/iris/.config/systemd/user/own.service '' 7776
      printf '[Timer]\\nOnCalendar=yearly\\n' >/home/iris/.local/share/systemd/user/x.timer
      unit waits.service User=iris 1; printf '[Path]\\nPathExists=/nowhere\\n' >waits.path
      unit off.service User=iris 1
      systemctl daemon-reload; systemctl link -q /opt/u/linked.service
      systemctl start claude@iris linked number drop waits.path
      loginctl enable-linger iris; sleep 2
      export XDG_RUNTIME_DIR=/run/user/$(id -u iris); runuser -u iris -- systemctl --user start all own
      setsid runuser -u iris -- nohup sleep 7777 >/dev/null 2>&1 </dev/null &
      echo '@daily /opt/nightly --token sk-canary' | crontab -u iris -
      echo '@daily su - loom -c /opt/other' | crontab -
      printf '@daily /opt/ghost\\n' >/var/spool/cron/crontabs/gone
      echo 'sleep 1' | runuser -u iris -- at -q b now + 1 day 2>/dev/null`);
    const stdout = await drift(7);
    const rows = [
      ...["claude@iris", "linked", "number", "drop"].map((name) => `service +${name}.service`),
      ...["user service +all.service", "user service +own.service", "user timer +x.timer"],
      ...["path +waits.path", "process +process \\d+ \\(sleep\\)", "cron +/opt/nightly", "at +b\\S+"],
    ];
    for (const row of rows) expect(stdout).toMatch(new RegExp(`hub +iris +${row}`));
    expect(stdout).toMatch(/hub +loom +cron +su +\/var\/spool\/cron\/crontabs\/root:\d/);
    expect(stdout).toMatch(
      /hub +gone +cron +\/opt\/ghost \(not run: there is no user gone.*crontabs\/gone:1/,
    );
    const notes = stdout.split("\n").filter((line) => /^ +hub +(iris|loom|gone) /.test(line));
    expect(notes).toHaveLength(rows.length + 2);
    expect(stdout).not.toMatch(/off.service|canary/);
    await hub(`systemctl stop claude@iris linked number drop waits.path; loginctl disable-linger iris; crontab -r
      rm -r /var/spool/cron/crontabs/gone /var/spool/cron/atjobs/b* /home/iris/.config /home/iris/.local /opt/u /etc/systemd/user/all.service
      cd /etc/systemd/system; rm -r claude@.service linked.service number.service drop.service* waits.* off.service
      systemctl daemon-reload; pkill -u iris -x sleep -f 7777; sleep 2`);
    expect(await drift()).toMatch(/iris +cron [\s\S]*no drift/);
  });
});

describe("the data of a user outside its home", () => {
  test("is renamed with the agent", async () => {
    await hub(`loginctl enable-linger iris; echo 'iris:500000:1000' >>/etc/subuid
      mkdir -p /etc/security/limits.d; echo 'iris hard nofile 4096' >/etc/security/limits.d/bots.conf
      echo '* * * * * id -un >>/tmp/who' | crontab -u iris -`);
    declare("iris", { rights: { linger: true } });
    edit((fleet) => {
      const { iris, ...rest } = fleet.agents;
      fleet.agents = { ...rest, vera: { ...iris, identity: "iris" } };
      fleet.contacts = { ...fleet.contacts, vera: fleet.contacts["iris"] };
      fleet.moved = { agents: { iris: "vera" } };
    });
    const { all } = await must(project.pulumi(["preview"]));
    expect(all).toContain("and its crontab and linger");
    expect(all).toContain(
      "It does not change /etc/security/limits.d/bots.conf: replace iris with vera there",
    );
    await up();
    expect(
      await hub("ls /var/spool/cron/crontabs /var/lib/systemd/linger; grep -c ^vera: /etc/subuid"),
    ).toMatch(/linger:\s+vera\s+\S+crontabs:\s+vera\s+[1-9]/);
    expect(await hub("grep -c '^iris:' /etc/subuid || true")).toBe("0");
    expect(await drift()).toMatch(/vera +cron +id/);
    await hub("i=0; until grep -q vera /tmp/who || [ $((i+=1)) -gt 80 ]; do sleep 1; done");
    expect(await hub("sort -u /tmp/who | grep -v iris")).toBe("vera");
  });

  test("is moved aside when the agent is removed, and a later user with the same uid does not get it", async () => {
    const number = await hub("id -u vera");
    await hub(`echo 'id -un >>/tmp/at' | runuser -u vera -- at now + 1 minute 2>/dev/null
      sed -i s/iris/vera/ /etc/security/limits.d/bots.conf`);
    const fleet = project.read("fleet.yaml");
    edit((now) => {
      delete now.agents["vera"];
      delete now.moved;
    });
    const { all } = await up();
    expect(all).toMatch(/\/var\/lib\/muster-aside\/vera-\S+\.crontab/);
    expect(all).toContain("/etc/security/limits.d/bots.conf: remove the lines that name vera");
    expect(
      await hub(
        "grep -v '^#' /var/lib/muster-aside/vera-*.crontab; ls /var/lib/muster-aside | grep -c '[.]at-'",
      ),
    ).toBe("* * * * * id -un >>/tmp/who\n1");
    expect(
      await hub("ls -A /var/spool/cron/crontabs /var/lib/systemd/linger; stat -c %U /var/lib/muster-aside/*"),
    ).not.toMatch(/vera|\d{4}/);
    await hub(`mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/vera; rm -f /tmp/who
      useradd -u ${number} -M later; echo '@daily /opt/ghost' >/var/spool/cron/crontabs/vera; userdel later`);
    project.write("fleet.yaml", fleet);
    edit((now) => {
      delete now.moved;
    });
    declare("vera", { rights: {} });
    await up();
    expect(await hub("ls /var/spool/cron/crontabs /var/lib/systemd/linger")).not.toContain("vera");
    expect(await drift()).not.toContain("cron ");
  });
});

describe("a user that existed before", () => {
  test("keeps its former primary group, but no group that gives root privileges", async () => {
    await hub(`useradd -m -G docker forge; useradd -m -g docker kim; install -d -m 750 -g forge /srv/forge
      cp /etc/hostname /srv/forge/notes`);
    edit((fleet) => {
      for (const name of ["forge", "kim"]) {
        fleet.agents[name] = {
          host: "hub",
          tenant: "arc",
          command: ["/bin/sleep", "infinity"],
          identity: name,
        };
        fleet.identities[name] = { soul: "identities/iris.md" };
        fleet.contacts[name] = { type: "agent" };
      }
    });
    await up();
    expect([await groupsOf("forge"), await groupsOf("kim")]).toEqual(["arc forge", "arc"]);
    expect(await hub("runuser -u forge -- cat /srv/forge/notes")).toBe("hub");
    expect(await drift()).toContain("no drift");
    await hub("gpasswd -d forge forge 2>&1; gpasswd -a kim forge");
    expect(await drift(7)).toMatch(/kim +user kim +groups +declared none +observed forge/);
  });
});
