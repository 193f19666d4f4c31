import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { importBox, plantedBox, proposedIn } from "./support/imported-box.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { LONG, SEED } from "./support/random.ts";
import {
  type AgentProcess,
  type HostState,
  PROCESSES,
  parseProcesses,
  parseState,
  stateScript,
} from "./support/random-host/host-state.ts";
import { LOGIN, type RandomUser, randomHost } from "./support/random-host/plan.ts";

const [HOSTS, USERS] = LONG ? [10, 20] : [1, 8];
/**
 * The first seed. `npm test` plans the same host each time, so that only a change of the code can make the test fail.
 * `npm run test:long` uses a random seed.
 */
const FIRST = LONG || process.env["MUSTER_SEED"] !== undefined ? SEED : 7_298_322;
const UP = ["up", "--yes", "--skip-preview"];

/** A system service, or the service or session that has run an agent of another account or manager. */
type Former = string | { service?: string; userService?: string; tmuxSession?: string; user: string };

interface Fleet {
  agents: Record<string, { replaces: Former[]; takeOver?: string; credentials?: string[]; rights?: object }>;
  credentials: Record<string, { env: string }>;
  identities: Record<string, { soul: string | { from: string }; files?: Record<string, { from: string }> }>;
}

describe.each(Array.from({ length: HOSTS }, (_, i) => FIRST + i))(
  "the users of a random host, MUSTER_SEED=%i",
  (seed) => {
    const plan = randomHost(seed, USERS);
    const { users } = plan;
    const agents = users.filter(({ agent }) => agent !== undefined);
    let machine: Project;
    let project: Project;
    let fleet: Fleet;
    let before: HostState;
    let processes: AgentProcess[];

    const onBox = (script: string) => machine.onHost("box", script);
    const state = async () => parseState(await onBox(stateScript(users.map(({ name }) => name))));
    const running = async () => parseProcesses(await onBox(PROCESSES));

    beforeAll(async () => {
      console.log(
        [
          `MUSTER_SEED=${seed}`,
          ...users.map(({ name, features }) => `  ${name}: ${features.join(", ")}`),
        ].join("\n"),
      );
      machine = await plantedBox(plan.script);
      await expectLogins();
      before = await state();
      processes = await running();
    });

    afterAll(async () => {
      await project?.dispose();
      await machine?.dispose();
    });

    /** Checks that each user with a key can log in. */
    async function expectLogins(): Promise<void> {
      const to = machine.sshArguments("box");
      const address = to.at(-1)?.replace(/^root@/, "");
      const refused: string[] = [];
      for (const { name } of users.filter(({ hasKey }) => hasKey)) {
        const login = await execa("ssh", [...to.slice(0, -1), `${name}@${address}`, "id -un"], {
          reject: false,
        });
        if (login.stdout !== name) refused.push(`${name}: ${login.stderr}`);
      }
      expect(refused).toEqual([]);
    }

    const firstGroupOf = (name: string) =>
      before.accounts.find((line) => line.startsWith(`${name} `))?.split(" ")[1];

    /** Returns the process that runs in a unit. */
    const processOf = (all: readonly AgentProcess[], unit: string) =>
      all.find(({ group }) => group.split("/").includes(unit));

    test("are imported: each program is declared, or listed once", async () => {
      const stdout = await importBox(machine, "box", LOGIN);
      fleet = parse(machine.read("imported/box/fleet.yaml")) as Fleet;
      expect(await state()).toEqual(before);
      expectListed(plan.listed, listedIn(stdout));
      expect(leaveElsewhere(fleet)).toEqual(plan.elsewhere.toSorted());
      expect(Object.keys(fleet.agents).sort()).toEqual(agents.map(({ name }) => name).sort());
      for (const user of agents) expectDeclared(user);
      expect(stdout).not.toContain("Fix these problems");
      expect(stdout).not.toContain("canary");
    });

    function expectDeclared({ name, agent }: RandomUser): void {
      const { unit, declared = {}, texts = {}, rights = {} } = agent ?? {};
      const { groups = [], sudo = [], keys = 0, linger = false, files = [] } = rights;
      const found = fleet.agents[name] as Record<string, unknown> & { rights?: Record<string, unknown[]> };
      expect(found, name).toMatchObject({ replaces: [unit], ...declared });
      expect(found["groups"] ?? [], name).toEqual(groups);
      const { keys: foundKeys = [], ...others } = found.rights ?? {};
      expect(foundKeys, name).toHaveLength(keys);
      expect({ sudo: [], linger: false, files: [], ...others }, name).toEqual({
        sudo,
        linger,
        files: files.toSorted(),
      });
      const { soul, files: identity = {} } = fleet.identities[name] ?? { soul: "" };
      expect(Object.keys(identity).sort(), name).toEqual(
        Object.keys(texts)
          .filter((file) => file !== "SOUL.md")
          .sort(),
      );
      for (const [file, text] of Object.entries(texts)) {
        const from = file === "SOUL.md" ? soul : (identity[file]?.from ?? "");
        expect(machine.read(`imported/box/${from as string}`), `${name} ${file}`).toBe(text);
      }
    }

    test("are adopted: no process ends, and nothing that existed changes", async () => {
      project = await makeProject({ ...proposedIn(machine), "fleet.yaml": stringify(fleet) }, secrets());
      await must(project.pulumi(UP));
      const now = await state();
      expect(missing(before.paths, now.paths).filter(isOfRunning)).toEqual([]);
      expect(missing(before.contents, now.contents)).toEqual([]);
      expect(missing(before.accounts, now.accounts).filter(isOfRunning)).toEqual([]);
      expect(missing(namesOf(processes), namesOf(await running()))).toEqual([]);
      await must(project.fleet(["drift"]));
      await expectLogins();
    });

    /** Returns the secrets that a person must set, by the name of the credential. The values are those of the running programs. */
    function secrets(): Record<string, string> {
      const pairs = agents.flatMap(({ name, agent }) => {
        const variables = processOf(processes, agent?.unit ?? "")?.variables;
        return (fleet.agents[name]?.credentials ?? []).map((credential): [string, string] => {
          const { env = "" } = fleet.credentials[credential] ?? {};
          return [credential, variables?.get(env) ?? agent?.ofCommand?.[env] ?? "missing"];
        });
      });
      return Object.fromEntries(pairs);
    }

    /** Returns whether a line concerns no agent that was down. The first `up` starts such an agent in Muster's unit. */
    function isOfRunning(line: string): boolean {
      const down = agents.filter(({ agent }) => agent?.isDown);
      return !down.some(({ name }) =>
        new RegExp(`^(|/home/|/data/(home-)?|/etc/.*\\.wants/)${name}\\b`).test(line),
      );
    }

    test("are taken over: each program has its words and variables, and no other process ends", async () => {
      for (const agent of Object.values(fleet.agents)) delete agent.takeOver;
      const text = { ...(parse(project.read("fleet.yaml")) as Fleet), agents: fleet.agents };
      project.write("fleet.yaml", stringify(text));
      await must(project.pulumi(UP, { timeout: 600_000 }));
      const now = await running();
      const units = agents.map(({ agent }) => agent?.unit ?? "");
      const others = processes.filter(({ group }) => !units.some((unit) => group.split("/").includes(unit)));
      expect(missing(namesOf(others), namesOf(now))).toEqual([]);
      for (const { name, agent } of agents) {
        const [former, own] = [
          processOf(processes, agent?.unit ?? ""),
          processOf(now, `muster-agent-${name}.service`),
        ];
        expect(processOf(now, agent?.unit ?? ""), name).toBeUndefined();
        expect(own, name).toBeDefined();
        if (former === undefined || own === undefined) continue;
        expect(own.words, name).toEqual(former.words);
        const kept = [...former.variables].filter(
          ([variable, value]) => !OF_SYSTEMD.test(variable) && !value.includes("\n"),
        );
        expect(
          Object.fromEntries(kept.map(([variable]) => [variable, own.variables.get(variable)])),
          name,
        ).toEqual(Object.fromEntries(kept));
      }
      expect(missing(before.contents, (await state()).contents)).toEqual([]);
      await must(project.fleet(["drift"]));
      await expectLogins();
      await onBox(
        agents.map(({ name }) => `runuser -u ${name} -- sh -c 'echo learned >~/learned'`).join("\n"),
      );
    });

    test("are given back: each byte, owner, mode, account, unit and login is as before", async () => {
      const { agents: _, ...rest } = parse(project.read("fleet.yaml")) as Fleet;
      project.write("fleet.yaml", stringify({ ...rest, agents: {} }));
      await must(project.pulumi(UP));
      const learned = await onBox(
        agents
          .map(
            ({ home }) =>
              `echo "$(stat -c '%U %G' ${home}/learned) $(cat ${home}/learned)"; rm ${home}/learned`,
          )
          .join("\n"),
      );
      expect(learned.split("\n")).toEqual(agents.map(({ name }) => `${name} ${firstGroupOf(name)} learned`));
      const now = await state();
      expect({ gone: missing(before.paths, now.paths), added: missing(now.paths, before.paths) }).toEqual({
        gone: [],
        added: [],
      });
      expect({
        gone: missing(before.contents, now.contents),
        added: missing(now.contents, before.contents),
      }).toEqual({ gone: [], added: [] });
      expect(now.accounts).toEqual(before.accounts);
      const [then, after] = [processes, await running()].map((all) =>
        all
          .map(({ uid, group, words }) =>
            JSON.stringify([uid, group.replace(/session-\d+/, "session"), words]),
          )
          .sort(),
      );
      expect(after).toEqual(then);
      await expectLogins();
    });
  },
);

test.runIf(LONG)("a random host with 50 agents is imported within 10 seconds", async () => {
  const plan = randomHost(SEED, 78);
  const agents = plan.users.filter(({ agent }) => agent !== undefined);
  expect(agents.length).toBeGreaterThanOrEqual(50);
  const machine = await plantedBox(plan.script);
  onTestFinished(() => machine.dispose());
  // Other tests use the same processors, so the best of three imports counts.
  const seconds: number[] = [];
  while (seconds.length < 3 && !seconds.some((one) => one < 10)) {
    const start = performance.now();
    await importBox(machine, `box${seconds.length}`, LOGIN);
    seconds.push((performance.now() - start) / 1000);
  }
  console.log(`import of ${agents.length} agents: ${seconds.map((one) => one.toFixed(1)).join(", ")} s`);
  const fleet = parse(machine.read("imported/box0/fleet.yaml")) as Fleet;
  expect(leaveElsewhere(fleet)).toHaveLength(plan.elsewhere.length);
  expect(Object.keys(fleet.agents)).toHaveLength(agents.length);
  expect(Math.min(...seconds)).toBeLessThan(10);
});

/**
 * Removes the agents that would get new users, like a person who does not adopt such agents. adopt-seeds.test.ts adopts
 * such agents.
 *
 * @returns the services and sessions that have run these agents
 */
function leaveElsewhere(fleet: Fleet): string[] {
  const left = Object.entries(fleet.agents).flatMap(([name, { replaces }]) =>
    replaces.flatMap((one) => {
      if (typeof one === "string") return [];
      delete fleet.agents[name];
      return [`${one.service ?? one.userService ?? one.tmuxSession} of ${one.user}`];
    }),
  );
  const used = new Set(Object.values(fleet.agents).flatMap(({ credentials = [] }) => credentials));
  fleet.credentials = Object.fromEntries(
    Object.entries(fleet.credentials ?? {}).filter(([name]) => used.has(name)),
  );
  return left.sort();
}

/** Variables that systemd or a terminal sets for each start. */
const OF_SYSTEMD =
  /^(LANG|SHELL|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MEMORY_PRESSURE_.*|PWD|OLDPWD|SHLVL|_|PATH|TERM|TERM_PROGRAM.*|TMUX.*|COLORTERM)$/;

/** Identifies each process: a later process can get the same pid, but not the same start. */
function namesOf(processes: readonly AgentProcess[]): string[] {
  return processes.map(({ pid, started, group }) => `${pid} ${started} ${group}`);
}

function missing(expected: readonly string[], found: readonly string[]): string[] {
  const all = new Set(found);
  return expected.filter((line) => !all.has(line));
}

/** Checks that each pattern matches a different line, and that no line is left over. */
function expectListed(patterns: readonly RegExp[], lines: readonly string[]): void {
  const matched = patterns.map((pattern) => ({ pattern, lines: lines.filter((line) => pattern.test(line)) }));
  expect({
    unlisted: matched.flatMap(({ pattern, lines }) =>
      lines.length === 1 ? [] : [`${pattern} ${lines.length}`],
    ),
    unexpected: lines.filter((line) => patterns.filter((pattern) => pattern.test(line)).length !== 1),
  }).toEqual({ unlisted: [], unexpected: [] });
}

function listedIn(output: string): string[] {
  const [, section = ""] = output.split("Not declared, and left unchanged:\n");
  const lines = section.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("  "));
  return lines.slice(0, end === -1 ? lines.length : end).map((line) => line.trim());
}
