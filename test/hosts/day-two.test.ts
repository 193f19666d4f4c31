import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const layout = { hosts: ["hub"], agents: { hub: ["arc", "iris"] } };
const WRITER = "fleet-self-sync.service";
const ROUTES = {
  "github.push": { agents: ["arc"], to: "arc", patterns: ["git push"], match: ["git push"] },
};

/** The table at the end of the drill: what happens to each failure, with and without the mechanism. */
const drill = new Map<string, Partial<Record<"on" | "off", string>>>();
const LOGIN = "all agents share one login";
const BOOK = "an address book is empty";
const SOUL = "an identity is overwritten again and again";
const TASK = "an agent gets a task that it must not do";
const shows = (failure: string, mode: "on" | "off", result: string) =>
  drill.set(failure, { ...drill.get(failure), [mode]: result });

let project: Project;

const onHub = (script: string) => project.onHost("hub", script);
const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);

/** Returns the fleet with routes and with these settings for recurring findings. */
function fleetYaml(onRecurrence: "warn" | "block"): string {
  const fleet = parse(localFleet(layout)["fleet.yaml"] ?? "") as object;
  return stringify({ ...fleet, routes: ROUTES, recurrence: { within: "1d", onRecurrence } });
}

/** Installs a unit that overwrites the identity of iris, as the sync of the first fleet did. */
const contaminate = () => onHub(`systemctl start ${WRITER}`);

beforeAll(async () => {
  project = await makeProject({ ...localFleet(layout), "fleet.yaml": fleetYaml("warn") }, secretsFor(layout));
  await up();
  const lines = [
    "[Service]",
    "Type=oneshot",
    "User=iris",
    "ExecStart=/bin/sh -c 'echo I am Arc. >>~/SOUL.md'",
  ];
  await onHub(`printf '%s\\n' ${lines.map((line) => `"${line}"`).join(" ")} >/etc/systemd/system/${WRITER}
    systemctl daemon-reload`);
});

afterAll(async () => {
  await project?.dispose();
  const rows = [...drill].map(([failure, { on = "", off = "" }]) => [failure, on, off]);
  for (const row of [["failure", "with the mechanism", "with the mechanism switched off"], ...rows])
    console.log(
      row
        .map((cell) => cell.padEnd(44))
        .join("")
        .trimEnd(),
    );
});

describe("a login that all agents share", () => {
  test("is refused before any host is contacted", async () => {
    const fleet = parse(fleetYaml("warn")) as { agents: Record<string, { credentials: string[] }> };
    for (const agent of Object.values(fleet.agents)) agent.credentials = ["iris-key"];
    project.write("fleet.yaml", stringify(fleet));
    const { all } = await must(project.fleet(["validate"]), 2);
    expect(all).toContain("credentials.iris-key: is used by agents arc, iris");
    shows(LOGIN, "on", "refused before any host is contacted");
    project.write("fleet.yaml", fleetYaml("warn"));
  });
});

describe("an address book that is empty", () => {
  test("is drift that names each missing contact, and is complete again after the next `up`", async () => {
    await onHub('sqlite3 /home/iris/contacts.db "DELETE FROM contacts"');
    const { stdout } = await must(project.fleet(["drift"]), 7);
    expect(stdout).toMatch(/iris +contacts\.db +rows\.arc/);
    await up();
    expect(await onHub('sqlite3 /home/iris/contacts.db "SELECT name FROM contacts ORDER BY name"')).toBe(
      "arc\niris",
    );
    shows(BOOK, "on", "reported by name, complete after `up`");
  });
});

describe("contacts that an agent has added twice", () => {
  const names = () => onHub('sqlite3 /home/iris/contacts.db "SELECT name FROM contacts ORDER BY name"');

  test("are listed, and are merged on request without the loss of a note", async () => {
    await onHub(`sqlite3 /home/iris/contacts.db "ALTER TABLE contacts ADD COLUMN notes;
      INSERT INTO contacts (name, display_name, type, notes) VALUES ('Arc!', 'ARC', 'agent', 'likes mornings')"`);
    const listed = await must(project.fleet(["contacts", "merge", "--dry-run"]));
    expect(listed.stdout).toContain("Arc! (row 3) is merged into it: same display_name and type");
    expect(await names()).toBe("Arc!\narc\niris");
    const { stdout } = await must(project.fleet(["contacts", "merge", "iris", "--yes"]));
    const [, kept = ""] = /the former rows are in (\S+) on hub/.exec(stdout) ?? [];
    expect(await names()).toBe("arc\niris");
    expect(await onHub(`cat ${kept}`)).toContain("likes mornings");
    expect(
      await onHub(`sqlite3 /home/iris/contacts.db "SELECT notes FROM contacts WHERE name = 'arc'"`),
    ).toContain("likes mornings");
    await must(project.fleet(["drift"]), 0);
  });
});

describe("an identity that a unit of the host overwrites repeatedly", () => {
  test("is reported as a finding that names the unit after the third repair, and remains a finding after the file is restored", async () => {
    for (let i = 0; i < 3; i += 1) {
      await contaminate();
      await up();
    }
    const { stdout } = await must(project.fleet(["drift", "--json"]), 5);
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [],
      recurring: [
        { agent: "iris", item: "identity:SOUL.md", property: "content", writer: { owner: "iris" } },
      ],
    });
    expect((await project.fleet(["ps"])).stdout).toMatch(/^iris .* RECURRING$/m);
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toMatch(
      /iris: SOUL\.md: content has been repaired 3 times .* belonged to iris; probable writer.*fleet-self-sync\.service/,
    );
    const history = await must(project.fleet(["history", "iris", "--drift"]));
    const repairs = history.stdout
      .split("\n")
      .filter((line) => /SOUL\.md .*repaired by \S+@\S+: /.test(line));
    expect(repairs).toHaveLength(3);
  });

  test("is not repaired again with `onRecurrence: block` until a person has closed the finding", async () => {
    project.write("fleet.yaml", fleetYaml("block"));
    await contaminate();
    const refused = await up(1);
    expect(refused.all).toContain("hub/iris/agent was not changed");
    expect(await onHub("cat /home/iris/SOUL.md")).toContain("I am Arc.");
    const id = /fleet resolve ([0-9a-f]{8})/.exec(refused.all)?.[1] ?? "";
    await must(project.fleet(["resolve", id, "--why", "the sync reads first"]));
    await up();
    expect(await onHub("cat /home/iris/SOUL.md")).not.toContain("I am Arc.");
    await must(project.fleet(["drift"]), 0);
    const { stdout } = await project.fleet(["history", "--drift"]);
    expect(stdout).toMatch(/closed by \S+@\S+: the sync reads first/);
    shows(SOUL, "on", "reported with its writer, then blocked");
  });
});

describe("`muster` on a host", () => {
  test("finds the agent for a task and keeps a queue, both with the rights of the calling agent", async () => {
    const asIris = (command: string) => onHub(`runuser -u iris -- ${command}; echo "exit $?"`);
    expect(await asIris("muster route please git push")).toMatch(/"allowed":false.*"to":"arc".*\nexit 3$/s);
    expect(await asIris("muster task add 'git push'")).toMatch(/exit 3$/);
    shows(TASK, "on", "refused, and goes to arc");
    expect(await asIris("muster task add 'write a poem'")).toBe('{"id":1}\nexit 0');
    expect(await onHub("muster task --agent iris list")).toContain('"subject":"write a poem"');
    expect(await onHub("stat -c %U:%a /home/iris/.muster/tasks.db")).toMatch(/^iris:6[04][04]$/);
    expect(await onHub("runuser -u arc -- muster task --agent iris list 2>&1 || true")).toContain(
      "only root",
    );
    await must(project.fleet(["drift"]), 0);
  });
});

describe("a task that iris cannot finish", () => {
  /** Runs a command as the program of an agent would run it: in the sandbox of the agent's unit. */
  const inUnit = (agent: string, command: string) =>
    onHub(`pid=$(systemctl show -P MainPID muster-agent-${agent}.service)
      nsenter -t $pid -m setpriv --reuid ${agent} --regid arc --clear-groups --no-new-privs ${command}; echo "exit $?"`);
  const handOff = (task: number, ...more: string[]) =>
    `fleet-handoff --agent arc --task-id ${task} --progress half --remaining rest --reason time ${more.join(" ")}`;
  const tasksOf = (agent: string) => onHub(`muster task --agent ${agent} list`);

  test("is handed off to arc, and closed only after arc has received it", async () => {
    const [, id = ""] = /"id":(\d+)/.exec(await inUnit("iris", "muster task add 'tidy the notes'")) ?? [];
    expect(await inUnit("iris", handOff(Number(id), "--wait 60"))).toMatch(
      /"status":"delivered".*\nexit 0$/s,
    );
    expect(await tasksOf("arc")).toContain('"subject":"tidy the notes"');
    expect(await tasksOf("iris")).toContain("handed off to arc as task 1");
  });

  test("remains open and is reported by `fleet ps` while arc cannot receive it, and arrives once afterwards", async () => {
    await onHub("mv /home/arc/.muster/tasks.db /root/queue && ln -s /etc/passwd /home/arc/.muster/tasks.db");
    const [, id = ""] = /"id":(\d+)/.exec(await inUnit("iris", "muster task add 'count the stars'")) ?? [];
    expect(await inUnit("iris", handOff(Number(id), "--wait 3"))).toMatch(/"status":"waiting".*\nexit 5$/s);
    await vi.waitFor(
      async () =>
        expect((await must(project.fleet(["ps"]), 5)).all).toMatch(/iris .*HANDOFF.*it is not a file/s),
      { timeout: 60_000, interval: 1000 },
    );
    expect(await tasksOf("iris")).toMatch(/"status":"handing-off"/);
    await onHub("rm /home/arc/.muster/tasks.db && mv /root/queue /home/arc/.muster/tasks.db");
    await onHub("systemctl kill -s KILL muster-hostd.service");
    await vi.waitFor(async () => expect(await tasksOf("iris")).not.toContain("handing-off"), {
      timeout: 120_000,
      interval: 1000,
    });
    expect((await tasksOf("arc")).match(/"subject":"count the stars"/g)).toHaveLength(1);
    await must(project.fleet(["ps"]), 0);
    expect(await inUnit("iris", "fleet-handoff withdraw x")).toMatch(/exit 1$/);
  });
});

describe("with the mechanisms switched off,", () => {
  /** Returns the same fleet, but without anything that prevents or repairs the four failures. */
  function unguarded(): string {
    const fleet = parse(fleetYaml("warn")) as {
      agents: Record<string, Record<string, unknown>>;
      credentials: Record<string, object>;
      identities: Record<string, Record<string, unknown>>;
    };
    for (const agent of Object.values(fleet.agents)) agent["credentials"] = ["iris-key"];
    const key = { ...fleet.credentials["iris-key"], sharedBecause: "the drill shows what happens" };
    const iris = { ...fleet.identities["iris"], soul: { from: "identities/iris.md", write: "once" } };
    return stringify({
      ...fleet,
      agents: { ...fleet.agents, iris: { ...fleet.agents["iris"], contacts: [] } },
      credentials: { "iris-key": key },
      identities: { ...fleet.identities, iris },
      routes: { "github.push": { ...ROUTES["github.push"], agents: ["arc", "iris"] } },
    });
  }

  beforeAll(async () => {
    project.write("fleet.yaml", unguarded());
    await up();
  });

  test("one expired login stops all agents", async () => {
    const { stdout } = await must(project.fleet(["spof"]));
    expect(stdout).toMatch(/iris-key.*\b2\b/);
    shows(LOGIN, "off", "one expired login stops 2 agents");
  });

  test("an empty address book remains empty, and nothing reports this", async () => {
    await onHub('sqlite3 /home/iris/contacts.db "DELETE FROM contacts"');
    await must(project.fleet(["drift"]), 0);
    expect(await onHub('sqlite3 /home/iris/contacts.db "SELECT count(*) FROM contacts"')).toBe("0");
    shows(BOOK, "off", "stays empty, and nothing reports it");
  });

  test("an overwritten identity remains overwritten, and nothing reports this", async () => {
    await contaminate();
    await must(project.fleet(["drift"]), 0);
    expect(await onHub("cat /home/iris/SOUL.md")).toContain("I am Arc.");
    shows(SOUL, "off", "stays overwritten, and nothing reports it");
  });

  test("an agent gets the task that it must not do", async () => {
    expect(await onHub("muster task --agent iris add 'git push' --priority 1")).toContain('"id":');
    expect(await onHub("muster task --agent iris next")).toContain('"subject":"git push"');
    shows(TASK, "off", "iris gets it");
  });
});
