import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { killedUp, type Victim } from "./support/doomed.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const LAYOUT = { hosts: ["east"], agents: { east: ["iris", "loom"] } };
const UP = ["up", "--yes", "--skip-preview"];

const KILLS = Number(process.env["MUSTER_KILLS"] ?? 5);
const SEED = Number(process.env["MUSTER_SEED"] ?? randomBytes(3).readUIntBE(0, 3));

/** What the killed run was about, and milliseconds that such a run takes at least when nothing disturbs it. */
const PHASES = [
  { phase: "a first up", lasts: 12_000 },
  { phase: "an update", lasts: 5000 },
  { phase: "a repair", lasts: 5000 },
] as const;

let project: Project;
let version = 0;

beforeAll(async () => {
  console.log(`kills: MUSTER_SEED=${SEED} MUSTER_KILLS=${KILLS}`);
  project = await makeProject(localFleet(LAYOUT), secretsFor(LAYOUT));
});

afterAll(() => project?.dispose());

describe("up that was killed", () => {
  test.each(plan())("during $phase ($victim, after $delay ms) and run again puts all right", async (one) => {
    await prepare(one.phase);
    await killedUp(project, one.victim, one.delay);
    const wasLocked = locks().length > 0;
    const again = await must(project.pulumi(UP));
    expect(/removed the lock of stack test .* took at .*: it was killed/.test(again.stderr)).toBe(wasLocked);
    await must(project.fleet(["drift"]));
    expect(await project.onHost("east", FACTS)).toBe(wantedFacts());
    const { deployment } = JSON.parse((await must(project.pulumi(["stack", "export"]))).stdout) as {
      deployment: { resources: { urn: string }[]; pending_operations?: unknown[] };
    };
    const urns = deployment.resources.map(({ urn }) => urn);
    expect(urns).toHaveLength(new Set(urns).size);
    expect(urns.filter((urn) => urn.includes("::muster:index:"))).toHaveLength(11);
    expect(deployment.pending_operations ?? []).toEqual([]);
  });
});

describe("two ups at once", () => {
  test("one does the work, the other is told who is at it and since when, and the next is clean", async () => {
    await prepare("an update");
    const first = project.pulumi(UP);
    await vi.waitFor(() => expect(locks()).toHaveLength(1), { timeout: 20_000, interval: 20 });
    const second = await must(project.pulumi(UP), 1);
    expect(second.all).toMatch(
      /stack test is locked: \S+@\S+ \(process \d+\) has been at work on it since \d{4}-\d\d-\d\d/,
    );
    await must(first);
    await must(project.pulumi(UP));
    await must(project.fleet(["drift"]));
    expect(await project.onHost("east", FACTS)).toBe(wantedFacts());
  });
});

interface Kill {
  readonly phase: (typeof PHASES)[number]["phase"];
  readonly victim: Victim;
  readonly delay: number;
}

/** The same for the same seed: phases in turn, moments and victims at random. */
function plan(): Kill[] {
  let state = SEED;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  return Array.from({ length: KILLS }, (_, i) => {
    const { phase, lasts } = PHASES[i % PHASES.length] ?? PHASES[0];
    const delay = Math.round(300 + random() * lasts);
    return { phase, delay, victim: random() < 0.5 ? "engine" : "provider" };
  });
}

async function prepare(phase: Kill["phase"]): Promise<void> {
  if (phase === "a first up") {
    if (existsSync(join(project.dir, "stacks/inventory.local.yaml"))) {
      await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
    }
  } else if (phase === "an update") {
    version += 1;
    for (const name of LAYOUT.agents.east) project.write(`identities/${name}.md`, soulOf(name));
    const fleet = parse(project.read("fleet.yaml")) as { contacts: Record<string, object> };
    fleet.contacts["iris"] = { ...fleet.contacts["iris"], email: `iris-${version}@example.org` };
    fleet.contacts["friend"] = { display_name: `friend ${version}`, type: "human", email: "f@example.org" };
    project.write("fleet.yaml", stringify(fleet));
  } else {
    await project.onHost(
      "east",
      `echo nobody > /home/iris/SOUL.md; chmod 0777 /home/loom; rm /home/loom/agent.sh
       sqlite3 /home/loom/contacts.db "DELETE FROM contacts WHERE name = 'iris'"
       systemctl disable --now -q muster-agent-iris.service`,
    );
  }
}

function soulOf(name: string): string {
  return version === 0
    ? `# ${name}\n\nI am ${name}.\n`
    : `# ${name}, version ${version}\n${"More of it.\n".repeat(500)}`;
}

/** How often each thing is there, and what a torn or forgotten write would leave. */
const FACTS = `
  getent group arc | wc -l; grep -c -e ^iris: -e ^loom: /etc/passwd
  ls /etc/systemd/system | grep -c '^muster-agent-.*service$'
  for agent in iris loom; do
    sqlite3 /home/$agent/contacts.db "SELECT count(*) || ' ' || count(DISTINCT name) FROM contacts"
    systemctl is-active muster-agent-$agent.service
    pgrep -u $agent -x -f '/bin/sh agent.sh' | wc -l
    sha256sum < /home/$agent/SOUL.md
  done
  find /var/lib/muster/records -name '*.json' | wc -l
  find /home /var/lib/muster /etc/systemd/system -name '.*muster-new*' -o -name '.*.json.*' -o -name '*.muster-aside-*'
  for name in $(ls -A /var/lib/muster/contents); do
    echo "$name  /var/lib/muster/contents/$name"
  done | sha256sum --check --quiet`;

function wantedFacts(): string {
  const contacts = version === 0 ? 2 : 3;
  const ofAgent = (name: string) => [
    `${contacts} ${contacts}`,
    "active",
    "1",
    `${createHash("sha256").update(soulOf(name)).digest("hex")}  -`,
  ];
  return ["1", "2", "2", ...LAYOUT.agents.east.flatMap(ofAgent), "10"].join("\n");
}

function locks(): string[] {
  const dir = join(project.dir, ".state/.pulumi/locks/organization/muster/test");
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".json")) : [];
}
