import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { importBox, plantedBox, proposedIn } from "./support/imported-box.ts";
import { makeProject, must, type Project } from "./support/project.ts";

/**
 * A script that sets up agents like those of three real fleets on one host: agents of a shared user's systemd, of root,
 * and in tmux sessions.
 */
const SEED_HOSTS = readFileSync(join(import.meta.dirname, "support/seed-hosts.sh"), "utf8");
const UP = ["up", "--yes", "--skip-preview"];
const SOCKET = "/home/jarvis/.config/mosaic/fleet/tmux";

let machine: Project;
let project: Project;
let output: string;
/** The imported fleet.yaml, which the tests change. */
let fleet: ReturnType<typeof parse>;
/** The programs of the agents, and the states of their units, before the import. */
let before: { running: string; states: string };

const onBox = (script: string) => machine.onHost("box", script);

beforeAll(async () => {
  machine = await plantedBox(SEED_HOSTS);
  before = { running: await onBox(RUNNING), states: await onBox(STATES) };
  output = await importBox(machine, "box");
  fleet = parse(machine.read("imported/box/fleet.yaml"));
  const secrets = Object.keys(fleet.credentials).map((name) => [name, `value-of-${name}`]);
  project = await makeProject(proposedIn(machine), Object.fromEntries(secrets));
});

afterAll(async () => {
  await project?.dispose();
  await machine?.dispose();
});

/** Changes agents of fleet.yaml. An agent without settings is removed. */
function declare(agents: Readonly<Record<string, object | undefined>>): void {
  for (const [name, settings] of Object.entries(agents)) {
    if (settings === undefined) delete fleet.agents[name];
    else fleet.agents[name] = { ...fleet.agents[name], ...settings };
  }
  project.write("fleet.yaml", stringify(fleet));
}

/** Prints every process of the agents and of tmux, with its start time. */
const PROCESSES = "ps -eo pid,user:20,lstart,args | grep -E '[r]un\\.pl|[s]leep 1000|[i]nfinity' | sort";

/** Prints the user and the command of each running agent. */
const RUNNING = "ps -eo user:20,args | grep '[r]un\\.pl' | grep -v -e tmux -e muster-run | tr -s ' ' | sort";

const managerOf = (user: string) =>
  `runuser -u ${user} -- env XDG_RUNTIME_DIR=/run/user/$(id -u ${user}) systemctl --user`;

/** Prints whether each unit and each session of the agents runs, and whether each unit starts at boot. */
const STATES = `
  for verb in is-active is-enabled; do
    ${managerOf("dev")} $verb iris loom arc-sensors.timer
    systemctl $verb hermes-timmy hermes-bezalel
    ${managerOf("jarvis")} $verb mosaic-tmux-holder mosaic-agent@canary-pi
  done
  runuser -u jarvis -- tmux -S ${SOCKET} list-sessions -F '#S'`;

/** Prints whether the notes in a folder have each number once, and which users own the files in the folder. */
const countIn = (folder: string) => `
  cut -d' ' -f1 ${folder}/notes >/tmp/notes; seq $(wc -l </tmp/notes) | cmp - /tmp/notes && echo complete
  find ${folder} -printf '%u\\n' | sort -u`;

const own = (name: string) => `muster-agent-${name}.service`;

describe("a host like those of real fleets", () => {
  test("is declared: each agent has its own user, and fleet.yaml names its data and its former unit or session", () => {
    expect(output).not.toContain("Fix these problems");
    const agents = ["canary-pi", "dogfood-coder", "hermes-bezalel", "hermes-timmy", "iris", "loom"];
    expect(Object.keys(fleet.agents).sort()).toEqual(agents);
    expect(fleet.agents.iris).toMatchObject({
      command: ["/home/iris/agents/iris/run.pl"],
      workdir: "/home/iris/agents/iris",
      replaces: [{ userService: "iris.service", user: "dev" }],
      copies: { "agents/iris": "/home/dev/agents/iris" },
      takeOver: "later",
    });
    expect(fleet.agents["hermes-timmy"]).toMatchObject({
      replaces: [{ service: "hermes-timmy.service", user: "root" }],
      copies: { "wizards/timmy": "/root/wizards/timmy" },
    });
    const session = (name: string) => ({ tmuxSession: name, socket: SOCKET, user: "jarvis" });
    expect(fleet.agents["canary-pi"].replaces).toEqual([
      session("canary-pi"),
      { userService: "mosaic-agent@canary-pi.service", user: "jarvis" },
    ]);
    expect(fleet.agents["dogfood-coder"]).toMatchObject({
      command: ["/home/dogfood-coder/src/dogfood-coder/run.pl"],
      replaces: [session("dogfood-coder")],
    });
    expect(JSON.stringify([output, proposedIn(machine)])).not.toContain("canary-iris");
  });

  test.each([
    /^ +arc-sensors\.timer of user dev \(systemd --user, running; starts arc-sensors\.service\): docs\/jobs\.md/m,
    /^ +the crontab of root, with 2 jobs/m,
    /^ +tmux session burn of root on \S+\/burn \(sleep\): it has 50 panes/m,
    /^ +tmux session _holder of jarvis on \S+ \(sleep\): it only keeps the tmux server running/m,
    /^ +mosaic-tmux-holder\.service of user jarvis \(systemd --user\): it only keeps the tmux server/m,
  ])("has one line with the reason for each thing that cannot be declared: %s", (sentence) => {
    expect(output.split("\n").filter((line) => sentence.test(line))).toHaveLength(1);
  });

  test("is adopted in the same processes, and the data of the agents is copied", async () => {
    const before = await onBox(PROCESSES);
    expect(before.split("\n").length).toBeGreaterThan(55);
    await must(project.pulumi(UP));
    expect(await onBox(PROCESSES)).toBe(before);
    await must(project.fleet(["drift"]));
    expect((await project.fleet(["ps"])).stdout).toMatch(
      /iris still runs in iris\.service of user dev[\s\S]*dogfood-coder|dogfood-coder still runs in tmux session dogfood-coder[\s\S]*iris/,
    );
    expect(await onBox(countIn("/home/iris/agents/iris"))).toBe("complete\niris");
    expect(await onBox("readlink /home/iris/agents/iris/out; stat -c '%U %a' /home/iris")).toBe(
      "/etc/passwd\niris 700",
    );
  });
});

describe("an agent that ran elsewhere", () => {
  test.each([
    ["iris", "agents/iris", "/home/dev/agents/iris"],
    ["hermes-timmy", "wizards/timmy", "/root/wizards/timmy"],
    ["canary-pi", "src/canary-pi", "/home/jarvis/src/canary-pi"],
  ])("is taken over without losing a line of its data: %s", async (name, copied, source) => {
    declare({ [name]: { takeOver: undefined } });
    await must(project.pulumi(UP));
    const before = await onBox(`wc -l <${source}/notes`);
    // The copy begins with all data that the former unit had written before it was stopped.
    await onBox(`cmp -n $(stat -c %s ${source}/notes) ${source}/notes /home/${name}/${copied}/notes`);
    expect(await onBox(`systemctl is-active ${own(name)}; ${countIn(`/home/${name}/${copied}`)}`)).toBe(
      `active\ncomplete\n${name}`,
    );
    expect(await onBox(RUNNING)).toMatch(new RegExp(`^${name} .*/home/${name}/${copied}/run.pl$`, "m"));
    await must(project.fleet(["drift"]));
    expect(await onBox(`wc -l <${source}/notes`)).toBe(before);
    expect(Number(await onBox(`wc -l </home/${name}/${copied}/notes`))).toBeGreaterThan(Number(before));
  });

  test("causes drift if its former unit runs again, and `up` stops this unit", async () => {
    const manager = managerOf("dev");
    await onBox(`${manager} start iris`);
    expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/iris\.service of user dev/);
    await must(project.pulumi(UP));
    expect(await onBox(`${manager} is-active iris; ${manager} is-enabled iris; true`)).toBe(
      "inactive\ndisabled",
    );
  });

  test("runs in its tmux session again, with its own data, if its own unit does not keep running", async () => {
    const { command } = fleet.agents["dogfood-coder"];
    declare({ "dogfood-coder": { takeOver: undefined, command: ["/bin/sh", "-c", "sleep 3; exit 1"] } });
    const { all } = await must(project.pulumi(UP), 1);
    expect(all).toMatch(/did not take over from tmux session dogfood-coder of jarvis/);
    expect(await onBox(RUNNING)).toMatch(/^jarvis .*\/home\/jarvis\/src\/dogfood-coder\/run\.pl$/m);
    expect(await onBox(countIn("/home/jarvis/src/dogfood-coder"))).toBe("complete\njarvis");
    declare({ "dogfood-coder": { takeOver: "later", command } });
  });

  test("is given back when it is removed from fleet.yaml, and its new home is moved aside", async () => {
    const { loom } = fleet.agents;
    const loomRuns = `${managerOf("dev")} show -P MainPID loom`;
    const pid = await onBox(loomRuns);
    declare({ iris: undefined, "hermes-timmy": undefined, "canary-pi": undefined, loom: undefined });
    const { all } = await must(project.pulumi(["preview"]));
    expect(all).toMatch(/iris[\s\S]*restores iris\.service of user dev, which ran it before/);
    expect(all).toMatch(/loom[\s\S]*leaves loom\.service of user dev running/);
    await must(project.pulumi(UP));
    await must(project.fleet(["drift"]));
    expect(await onBox(RUNNING)).toBe(before.running);
    expect(await onBox(STATES)).toBe(before.states);
    expect(
      await onBox(`
        getent passwd iris hermes-timmy canary-pi loom; ls -d /home/iris /home/canary-pi /home/loom 2>/dev/null
        ls /var/lib/muster-aside | grep -c '^iris-'`),
    ).toBe("1");
    expect(await onBox(loomRuns)).toBe(pid);
    expect(await onBox(countIn("/home/dev/agents/iris"))).toBe("complete\ndev");
    declare({ loom });
  });

  test("can be taken over together with others, even if it was given back before", async () => {
    const data = {
      loom: "agents/loom",
      "hermes-bezalel": "wizards/bezalel",
      "dogfood-coder": "src/dogfood-coder",
    };
    const names = Object.keys(data);
    declare(Object.fromEntries(names.map((name) => [name, { takeOver: undefined }])));
    await must(project.pulumi(UP));
    await must(project.fleet(["drift"]));
    const running = await onBox(RUNNING);
    for (const [name, folder] of Object.entries(data)) {
      expect(running).toMatch(new RegExp(`^${name} .*/home/${name}/${folder}/run.pl$`, "m"));
      expect(await onBox(countIn(`/home/${name}/${folder}`))).toBe(`complete\n${name}`);
    }
    expect(await onBox(`systemctl is-active ${names.map(own).join(" ")}`)).toBe("active\nactive\nactive");
  });

  test("is given back with all others when its stack is destroyed", async () => {
    await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
    expect(await onBox(RUNNING)).toBe(before.running);
    expect(await onBox(STATES)).toBe(before.states);
    for (const [folder, user] of [
      ["/home/dev/agents/loom", "dev"],
      ["/root/wizards/bezalel", "root"],
      ["/home/jarvis/src/dogfood-coder", "jarvis"],
    ] as const)
      expect(await onBox(countIn(folder))).toBe(`complete\n${user}`);
    const gone = "getent passwd loom hermes-bezalel dogfood-coder; getent group team; ls -d /home/loom; true";
    expect(await onBox(`(${gone}) 2>/dev/null`)).toBe("");
  });
});
