import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const layout = { hosts: ["hub"], agents: { hub: ["arc", "iris"] } };
const WRITER = "fleet-self-sync.service";
const ROUTES = {
  "github.push": { agents: ["arc"], to: "arc", patterns: ["git push"], match: ["git push"] },
};

let project: Project;

const onHub = (script: string) => project.onHost("hub", script);
const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);

/** The fleet with routes and with these settings for recurring findings. */
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

afterAll(() => project?.dispose());

describe("a login that all agents share", () => {
  test("is refused before any host is contacted", async () => {
    const fleet = parse(fleetYaml("warn")) as { agents: Record<string, { credentials: string[] }> };
    for (const agent of Object.values(fleet.agents)) agent.credentials = ["iris-key"];
    project.write("fleet.yaml", stringify(fleet));
    const { all } = await must(project.fleet(["validate"]), 2);
    expect(all).toContain("credentials.iris-key: is used by agents arc, iris");
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
  });
});

describe("an identity that a unit of the host overwrites again and again", () => {
  test("is a finding that names the unit after the third repair, and remains one after the file is restored", async () => {
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
  });
});

describe("`muster` on a host", () => {
  test("finds the agent for a task and keeps a queue, both with the rights of the calling agent", async () => {
    const asIris = (command: string) => onHub(`runuser -u iris -- ${command}; echo "exit $?"`);
    expect(await asIris("muster route please git push")).toMatch(/"allowed":false.*"to":"arc".*\nexit 3$/s);
    expect(await asIris("muster task add 'git push'")).toMatch(/exit 3$/);
    expect(await asIris("muster task add 'write a poem'")).toBe('{"id":1}\nexit 0');
    expect(await onHub("muster task --agent iris list")).toContain('"subject":"write a poem"');
    expect(await onHub("stat -c %U:%a /home/iris/.muster/tasks.db")).toMatch(/^iris:6[04][04]$/);
    expect(await onHub("runuser -u arc -- muster task --agent iris list 2>&1 || true")).toContain(
      "only root",
    );
    await must(project.fleet(["drift"]), 0);
  });
});
