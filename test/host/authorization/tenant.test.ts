import { mkdirSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AgentSpec, JobSpec, RuntimeSpec } from "../../../src/config/fleet.ts";
import { findAuthorizer, tableOf } from "../../../src/host/authorization/registry.ts";
import { bytesFlaw } from "../../../src/host/authorization/tenant-content.ts";
import { refusalOf } from "../../../src/host/authorization/tenant-items.ts";
import { jobRefusal } from "../../../src/host/authorization/tenant-job-unit.ts";
import { providerRefusal, unitRefusal } from "../../../src/host/authorization/tenant-unit.ts";
import { record } from "../../../src/host/reports/history.ts";
import { writeLedger } from "../../../src/host/store/ledgers.ts";
import { readRecords, writeRecord } from "../../../src/host/store/records.ts";
import { parsePolicy } from "../../../src/host/units/policies.ts";
import { NEW_STATE } from "../../../src/host/usage/agent-usage-state.ts";
import { writeUsageFile } from "../../../src/host/usage/usage-store.ts";
import { byPart } from "../../../src/model/agent-parts.ts";
import { ON_IDENTITY_CHANGE } from "../../../src/model/conversation.ts";
import { ON_CHANGE } from "../../../src/model/deadman.ts";
import { digestOf } from "../../../src/model/digest.ts";
import type { HostRecord } from "../../../src/model/host-record.ts";
import type { Contents, Digest, HostItem, Items } from "../../../src/model/items.ts";
import { JOB_OVERLAPS } from "../../../src/model/job.ts";
import { MOVE_CHUNK } from "../../../src/model/move.ts";
import {
  CONTROL_VERBS,
  type ConvergeRequest,
  type HistoryAnswer,
  type ObserveAnswer,
  type UsageAnswer,
} from "../../../src/model/protocol.ts";
import { SANDBOX_EXCEPTIONS, type SandboxException } from "../../../src/model/sandbox-exceptions.ts";
import type { ScopedAgent, TenantScope } from "../../../src/model/tenant-scope.ts";
import { compilePlan } from "../../../src/resources/index.ts";
import { jobServiceText, jobTimerText } from "../../../src/resources/job-unit-text.ts";
import { choiceText, unitText } from "../../../src/resources/unit-text.ts";
import { agent, fleetOf, job } from "../../fixtures/fleet.ts";
import { IRIS, makeWorld, type World } from "../world.ts";

/** The prompt and the dialogs of an agent's program. */
const SCREEN = { prompt: { marks: ["❯"] }, dialogs: [{ text: "Go on?", is: "menu" }], busy: ["…"] };

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample";
const GATE = { kind: "tenant", name: "arc" } as const;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Compiles a fleet with a tenant that has its own stack. */
function compiled(...agents: AgentSpec[]) {
  return compiledWith([], [], ...agents);
}

function compiledWith(jobs: readonly JobSpec[], runtimes: readonly RuntimeSpec[], ...agents: AgentSpec[]) {
  const fleet = {
    ...fleetOf(...agents),
    jobs: Object.fromEntries(jobs.map((one) => [one.name, one])),
    runtimes: Object.fromEntries(runtimes.map((one) => [one.name, one])),
    tenants: {
      arc: { name: "arc", isolation: "agent", formerly: [], protect: false, key: KEY, limits: {} } as const,
    },
  };
  const { declarations, contents } = compilePlan(fleet, { bundle: "0123456789abcdef", node: "24.0.0" });
  const gate = declarations.find(({ type }) => type === "Tenant")?.items["gate scope"] as unknown as {
    want: { content: Digest };
  };
  const scope = JSON.parse(contents[gate.want.content] ?? "") as TenantScope;
  return { fleet, declarations, contents, scope };
}

const { scope } = compiled(agent({ credentials: ["iris-key"] }));
const iris = onlyAgent(scope);

function onlyAgent({ agents: [agent, ...others] }: TenantScope): ScopedAgent {
  if (agent === undefined || others.length > 0) throw new Error("the scope has one agent");
  return agent;
}

describe("a tenant's login", () => {
  test(`can apply everything that the tenant's own stack declares (SEED=${seed})`, () => {
    const text = fc.string({ unit: "grapheme-ascii" });
    const variable = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
    const agents = fc.record({
      command: fc.array(text, { minLength: 1, maxLength: 4 }),
      env: fc.dictionary(variable, text),
      workdir: fc.stringMatching(/^\/[a-z %$"'.-]{0,20}[a-z]$/).map((path) => posix.normalize(path)),
      watchdog: fc.nat(86_400),
      limits: fc.record({
        memory: fc.constant("2G"),
        cpu: fc.constant(0.5),
        tasks: fc.integer({ min: 10, max: 4_194_304 }),
      }),
      allow: fc.subarray(Object.keys(SANDBOX_EXCEPTIONS) as SandboxException[]),
      runtime: fc.constantFrom("hermes" as const, "pi" as const, "command" as const),
      session: fc.constantFrom("pi" as const),
      onIdentityChange: fc.constantFrom(...ON_IDENTITY_CHANGE),
      model: fc.constant({ provider: "nous", model: "large" }),
      lifecycle: fc.constantFrom({ kind: "core" } as const, { kind: "ephemeral", ttl: 60 } as const),
      onChange: fc.record({
        restart: fc.constantFrom(...ON_CHANGE),
        deadline: fc.integer({ min: 1, max: 86_400 }),
      }),
    });
    fc.assert(
      fc.property(agents, (parts) => {
        const one = compiled(agent({ ...parts, credentials: ["iris-key"] }));
        const scoped = onlyAgent(one.scope);
        const own = one.declarations.filter(({ type }) => !["Host", "Tenant", "Account"].includes(type));
        expect(own).toHaveLength(1);
        const items = own[0]?.items ?? {};
        expect(Object.keys(byPart(items))).toEqual(["identity", "credentials", "contacts", "unit"]);
        for (const item of Object.values(items)) {
          expect(refusalOf(one.scope, scoped, item, true)).toBeUndefined();
        }
        const spec = Object.values(one.fleet.agents)[0] as AgentSpec;
        expect(unitRefusal(one.scope, scoped, unitText(one.fleet, spec))).toBeUndefined();
      }),
      { seed, numRuns: 200 },
    );
  });

  test("can write the digest of its agent's identity, but no other text to this file and no other agent's file", () => {
    const built = compiled(agent({ runtime: "pi" }));
    const scoped = onlyAgent(built.scope);
    const items = Object.values(built.declarations.find(({ type }) => type === "Agent")?.items ?? {});
    const digest = items.find((item) => item.kind === "file" && item.conversation !== undefined);
    if (digest?.kind !== "file") throw new Error("the agent has a digest of its identity");
    const flawOf = (text: string | undefined) => bytesFlaw(built.scope, scoped, digest, () => text);
    expect(flawOf(built.contents[digest.want.content as Digest])).toBeUndefined();
    for (const text of ["", "x fresh\n", `${"a".repeat(64)} fresh\nresume\n`])
      expect(flawOf(text)).toBe("its digest of the identity is invalid");
    const other = { ...digest, path: digest.path.replace("iris", "loom") };
    expect(refusalOf(built.scope, scoped, other, true)).toBeDefined();
  });

  test("can let its own agent wait for a turn, but for no other unit", () => {
    const one = agent({ gates: { host: 15 }, credentials: ["iris-key"] });
    const { fleet, scope } = compiled(one);
    const text = unitText(fleet, one);
    const refusal = (text: string) => unitRefusal(scope, onlyAgent(scope), text);
    expect(text).toContain("muster-turn@iris.service");
    expect(refusal(text)).toBeUndefined();
    expect(refusal(text.replace("Wants=muster-turn@iris", "Wants=muster-turn@loom"))).toBeDefined();
    expect(
      refusal(text.replace("network.target muster-turn@iris", "network.target muster-turn@loom")),
    ).toBeDefined();
  });

  test("can have a login file only in the home of its own agent", () => {
    const at = (path: string, more: object = {}) => ({
      ...{ kind: "file", path, actor: iris.user, secret: "config:login", login: true, write: "adopt" },
      ...{ notify: iris.unit, restart: "when-idle", within: 3600, ...more },
      want: {
        ...{ type: "file", content: "as declared", account: "as declared" },
        ...{ owner: iris.user, group: "arc", mode: "0600" },
      },
    });
    const refusal = (item: object) => refusalOf(scope, iris, item, true);
    expect(refusal(at(`${iris.home}/.codex/auth.json`))).toBeUndefined();
    expect(refusal(at("/home/loom/.codex/auth.json"))).toMatch(/does not belong to iris/);
    expect(refusal(at(`${iris.home}/.codex/auth.json`, { actor: "root" }))).toMatch(/actor/);
  });

  test("can apply an agent with a pinned runtime, but cannot install versions of runtimes", () => {
    const archive = { name: "x", version: "1.2.3", integrity: "sha512-AAAA", folder: "x" } as const;
    const pinned: RuntimeSpec["pinned"] = {
      ...{ from: "npm", package: "x", version: "1.2.3", program: "claude", file: "x/claude" },
      archives: [archive],
    };
    const runtime = { name: "claude", from: "npm", version: "1.2.3", package: "x", folder: "/x" } as const;
    const spec: RuntimeSpec = { ...runtime, pinned, integrity: digestOf("x") };
    const one = agent({ runtime: "claude", pinned: "claude", credentials: ["iris-key"] });
    const built = compiledWith([], [spec], one);
    const declared = built.declarations.find(({ type }) => type === "Agent");
    expect(Object.keys(declared?.items ?? {})).toContain("unit:runtime");
    for (const item of Object.values(declared?.items ?? {}))
      expect(refusalOf(built.scope, onlyAgent(built.scope), item, true)).toBeUndefined();
    const installation = built.declarations.find(({ type }) => type === "Installation");
    for (const item of Object.values(installation?.items ?? {}))
      expect(refusalOf(built.scope, onlyAgent(built.scope), item, true)).toMatch(/does not belong to iris/);
  });

  test(`can apply every job of the tenant's agents (SEED=${seed})`, () => {
    const text = fc.string({ unit: "grapheme-ascii" });
    const parts = fc.record({
      schedule: fc.uniqueArray(fc.constantFrom("daily", "Mon..Fri *-*-* 09:00 Europe/Berlin", "*:0/5"), {
        minLength: 1,
      }),
      command: fc.array(text, { minLength: 1, maxLength: 4 }),
      env: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/), text),
      timeout: fc.integer({ min: 1, max: 604_800 }),
      overlap: fc.constantFrom(...JOB_OVERLAPS),
      catchUp: fc.boolean(),
      retry: fc.record({ retries: fc.nat(20), after: fc.integer({ min: 1, max: 86_400 }) }),
    });
    const allow = fc.subarray(Object.keys(SANDBOX_EXCEPTIONS) as SandboxException[]);
    fc.assert(
      fc.property(parts, allow, (one, switches) => {
        const built = compiledWith([job(one)], [], agent({ allow: switches, credentials: ["iris-key"] }));
        const scoped = onlyAgent(built.scope);
        const declared = built.declarations.find(({ type }) => type === "Agent");
        const items = Object.values(byPart(declared?.items ?? {}).jobs ?? {});
        expect(items).toHaveLength(4);
        const bytes = (digest: string) => built.contents[digest as Digest];
        for (const item of items) {
          expect(refusalOf(built.scope, scoped, item, true)).toBeUndefined();
          expect(bytesFlaw(built.scope, scoped, item, bytes)).toBeUndefined();
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  test(`cannot apply a job's unit with an additional line that root would act on (SEED=${seed})`, () => {
    const one = job({ retry: { retries: 2, after: 300 } });
    const { fleet } = compiledWith([one], [], agent());
    const texts = { service: jobServiceText(fleet, one), timer: jobTimerText(one) };
    const hostile = fc.oneof(
      fc.constantFrom(...HOSTILE_LINES, ...HOSTILE_JOB_LINES),
      fc.stringMatching(/^[A-Z][A-Za-z]{1,20}$/).map((key) => `${key}=/bin/sh`),
    );
    fc.assert(
      fc.property(fc.constantFrom("service", "timer"), hostile, fc.nat(60), (kind, line, at) => {
        const lines = texts[kind as keyof typeof texts].split("\n");
        const text = lines.toSpliced(at % lines.length, 0, line).join("\n");
        expect(jobRefusal(scope, iris, `muster-job-iris.retro.${kind}`, text)).toMatch(/unit/);
      }),
      { seed, numRuns: 1000 },
    );
  });

  test("can apply a job's service only if it contains every line that limits, reports or sandboxes the job", () => {
    const { fleet } = compiledWith([job()], [], agent());
    const text = jobServiceText(fleet, job());
    const dispensable =
      /^(Description|After|StartLimit|Environment|TimeoutStop|Success|WorkingDirectory|$|\[)/;
    for (const line of text.split("\n").filter((one) => !dispensable.test(one))) {
      const without = text.replace(`${line}\n`, "");
      expect(jobRefusal(scope, iris, "muster-job-iris.retro.service", without)).toMatch(/its unit lacks/);
    }
  });

  test.each([
    "muster-job-loom.retro.timer",
    "muster-job-retro.timer",
    "muster-job-iris.retro.service",
    "muster-job-failed@.timer",
    "muster-job-iris.a.b.timer",
    "ssh.timer",
    "muster-job-iris./../x.timer",
  ])("cannot apply the timer %s, which does not belong to the tenant's agent", (name) => {
    const want = { enabled: "enabled", active: "running", overrides: "none" };
    const item = { kind: "timer", name, service: name.replace(/timer$/, "service"), schedule: "daily", want };
    expect(refusalOf(scope, iris, item, true)).toMatch(/does not belong to iris/);
  });

  test(`cannot write outside the agent's home with any form of path (SEED=${seed})`, () => {
    const part = fc.constantFrom(
      "..",
      ".",
      "",
      "home",
      "iris",
      "loom",
      "etc",
      "x",
      "iris\0",
      "iris\n",
      "a b",
    );
    const paths = fc.array(part, { maxLength: 8 }).map((parts) => `/${parts.join("/")}`);
    const homes = fc.oneof(
      paths,
      paths.map((path) => `/home/iris${path}`),
      fc.string(),
    );
    fc.assert(
      fc.property(homes, (path) => {
        const item = homeFile(path);
        if (refusalOf(scope, iris, item, true) !== undefined) return;
        expect(posix.normalize(path)).toBe(path);
        expect(path.startsWith("/home/iris/")).toBe(true);
        expect(path).not.toMatch(/\p{Cc}/u);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test(`cannot apply a unit with an additional line that root would act on (SEED=${seed})`, () => {
    const lines = unitText(compiled(agent()).fleet, agent()).split("\n");
    const hostile = fc.oneof(
      fc.constantFrom(...HOSTILE_LINES),
      fc.stringMatching(/^[A-Z][A-Za-z]{1,20}$/).map((key) => `${key}=/bin/sh`),
    );
    fc.assert(
      fc.property(hostile, fc.nat(lines.length), (line, at) => {
        const text = lines.toSpliced(at, 0, line).join("\n");
        expect(unitRefusal(scope, iris, text)).toMatch(/unit/);
      }),
      { seed, numRuns: 1000 },
    );
  });

  test.each(HOSTILE_ITEMS())("cannot apply %s", (_name, item) => {
    expect(refusalOf(scope, iris, item, true)).toMatch(/./);
  });

  test("gets an error that says what a refused unit must contain", () => {
    const text = unitText(compiled(agent()).fleet, agent());
    const refusal = (from: string, to: string) => unitRefusal(scope, iris, text.replace(from, to));
    expect(refusal("User=iris", "User=root")).toBe('its unit has "User=root", which must be iris');
    expect(refusal("Slice=muster-arc.slice\n", "")).toBe("its unit lacks Slice=");
    expect(refusal("ProtectHome=tmpfs\n", "")).toBe("its unit lacks ProtectHome=");
    expect(refusal("BindPaths=/home/iris", "BindPaths=/home/loom:/home/iris")).toBe(
      'its unit has "BindPaths=/home/loom:/home/iris", which must be /home/iris',
    );
    expect(refusal("[Install]", "PrivateUsers=no\n[Install]")).toMatch(/which is not allowed/);
    expect(refusal("ExecStart=", "ExecStart=+")).toMatch(/^its unit has "ExecStart=\+/);
  });
});

describe("a fallback provider that a tenant's login applies", () => {
  const choice = (provider: string) => ({
    provider,
    model: { provider, model: "large" },
    command: ["pi", "--provider", provider, 'a "b" $HOME 50%'],
    env: { PATH: "/usr/bin" },
    credentials: ["iris-key"],
  });
  const failover = {
    choices: ["nous", "google"].map(choice),
    restart: "now",
    deadline: 60,
    returnAfter: 60,
  } as const;
  const spec = agent({
    runtime: "pi",
    model: { provider: "nous", model: "large" },
    credentials: ["iris-key"],
    failover,
  });
  const { declarations, contents, fleet } = compiled(spec);
  const items = declarations.flatMap((one) => Object.entries(one.items));
  const item = items.find(([name]) => name === "unit:on google")?.[1];
  if (item === undefined) throw new Error("the agent has no other choice");
  const text = choiceText(fleet, spec, choice("google"));

  test("is accepted if its items are those that `up` generates", () => {
    const own = declarations.filter(({ type }) => !["Host", "Tenant", "Account"].includes(type));
    for (const one of own.flatMap((declaration) => Object.values(declaration.items))) {
      expect(refusalOf(scope, iris, one, true)).toBeUndefined();
    }
    const bytes = (digest: string) => contents[digest as Digest];
    expect(bytesFlaw(scope, iris, item, bytes)).toBeUndefined();
    expect(providerRefusal(iris, text)).toBeUndefined();
  });

  test.each([
    ...HOSTILE_LINES.filter((line) => line !== "# x \\"),
    "User=iris",
    "NoNewPrivileges=yes",
    "ExecStart=/bin/sh",
    "EnvironmentFile=/var/lib/muster/credentials/iris/../loom/key",
    "[Unit]",
  ])("is refused if it contains the line %s", (line) => {
    expect(providerRefusal(iris, `${text}${line}\n`)).toMatch(/unit/);
  });

  test.each([
    "/var/lib/muster/hostd/choices/loom/google.conf",
    "/var/lib/muster/hostd/choices/iris/../loom/google.conf",
    "/var/lib/muster/hostd/choices/iris/x/google.conf",
    "/var/lib/muster/hostd/choices/iris/.conf",
    "/var/lib/muster/hostd/choices/iris/google",
    "/var/lib/muster/hostd/providers/google.json",
  ])("cannot be written to %s", (path) => {
    expect(refusalOf(scope, iris, { ...item, path }, true)).toMatch(/does not belong to iris/);
  });
});

describe("a session of a tenant's login", () => {
  test("cannot see or use another tenant's records and contents", () => {
    const world = openTenantSession();
    const { table, request, host } = world;
    put(world, "hub/loom/agent", "arc/south", {
      "identity:SOUL.md": homeFile("/home/loom/SOUL.md", "secret plan"),
    });
    mkdirSync(host.paths.contents, { recursive: true });
    writeFileSync(`${host.paths.contents}/${digestOf("secret plan").slice(7)}`, "secret plan");
    const answer = table.observe?.(host, { op: "observe", owner: "arc/south" });
    expect(answer).toEqual({ resources: {}, recorded: [] });
    const stolen = request({ "identity:x": homeFile(`${world.home()}/x`, "secret plan") }, {});
    expect(() => table.converge?.(host, stolen)).toThrow(/its bytes were not sent/);
    const forged = request(
      { "identity:x": homeFile(`${world.home()}/x`, "secret plan") },
      { [digestOf("secret plan")]: "?" },
    );
    expect(() => table.converge?.(host, forged)).toThrow(/it has an invalid value for contents/);
  });

  test("can rename only records that the tenant's own key has created, even if the client names another owner", () => {
    const world = openTenantSession();
    const { table, request, host } = world;
    const items = { "identity:SOUL.md": homeFile(`${world.home()}/SOUL.md`) };
    const others = { "identity:SOUL.md": homeFile(`${world.home()}/loom/SOUL.md`) };
    put(world, "hub/loom/agent", "arc/south", others);
    for (const owner of ["arc/north", "arc/south"]) {
      const later = { ...request(items), owner, formerly: ["hub/loom/agent"] };
      expect(() => table.converge?.(host, later)).toThrow(
        /"hub\/loom\/agent" was refused for tenant arc: it was not applied with this tenant's key/,
      );
    }
    expect(readRecords(host)).toMatchObject([{ id: "hub/loom/agent", owner: "arc/south" }]);
    table.converge?.(host, request(items));
    const renamed = { ...request(items), id: "hub/vera/agent", formerly: ["hub/iris/agent"] };
    openTenantSession(world, ["vera"]).table.converge?.(host, renamed);
    expect(readRecords(host).map(({ id }) => id)).toEqual(["hub/vera/agent", "hub/loom/agent"]);
  });

  test.each([
    "hub/iris/identity",
    "hub/iris/unit",
    "hub/iris/account",
    "hub/iris",
    "hub/tenant-arc",
    "hub/host",
  ])("has access only to the tenant's own agents, and not to %s", (id) => {
    const world = openTenantSession();
    const { table, request, host } = world;
    const items = { "identity:SOUL.md": homeFile(`${world.home()}/SOUL.md`) };
    const refused = (ask: () => unknown) => expect(ask).toThrow(/not a resource of this tenant's agents/);
    refused(() => table.converge?.(host, { ...request(items), id }));
    refused(() => table.remove?.(host, { op: "remove", id, owner: "arc/north", items }));
    refused(() => table.observe?.(host, { op: "observe", resources: [{ id, items }] }));
  });

  test("writes the tenant's account into each record, and can remove agents that are no longer in the tenant's scope", () => {
    const world = openTenantSession();
    const { table, request, host } = world;
    const items = { "identity:SOUL.md": homeFile(`${world.home()}/SOUL.md`) };
    table.converge?.(host, request(items));
    expect(readRecords(host)).toMatchObject([{ id: "hub/iris/agent", gate: "muster-tenant-arc" }]);
    const left = openTenantSession(world, []);
    expect(() => left.table.converge?.(host, request(items))).toThrow(
      /not a resource of this tenant's agents/,
    );
    left.table.remove?.(host, { op: "remove", id: "hub/iris/agent", owner: "arc/north", items });
    expect(readRecords(host)).toEqual([]);
  });

  test("can take over a record only if the client names the stack that owns the record", () => {
    const world = openTenantSession();
    const { table, request, host } = world;
    const items = { "identity:SOUL.md": homeFile(`${world.home()}/SOUL.md`) };
    put(world, "hub/iris/agent", "arc/dev", items);
    expect(() => table.converge?.(host, request(items))).toThrow(/belongs to the stack arc\/dev/);
    expect(() => table.converge?.(host, { ...request(items), takesOver: "arc/other" })).toThrow(/arc\/dev/);
    table.converge?.(host, { ...request(items), takesOver: "arc/dev" });
    expect(readRecords(host).map(({ owner }) => owner)).toEqual(["arc/north"]);
  });

  test("cannot take over a record that still contains the agent's user", () => {
    const world = openTenantSession();
    const { table, request, host } = world;
    const items = { "identity:SOUL.md": homeFile(`${world.home()}/SOUL.md`) };
    const want = { present: true, group: "arc", home: "/home/iris", shell: "/bin/bash" } as const;
    put(world, "hub/iris/agent", "arc/dev", {
      ...items,
      "identity:user iris": { kind: "user", name: "iris", want },
    });
    expect(() => table.converge?.(host, { ...request(items), takesOver: "arc/dev" })).toThrow(/was refused/);
  });

  test("can move only the tenant's own agents, and gains no rights by a move", async () => {
    const world = openTenantSession();
    const { table, host } = world;
    const home = (path: string, owner: string): Items => {
      const want = { type: "directory", owner, group: "arc", mode: "0700" } as const;
      return { "identity:home": { kind: "directory", path, onRemove: "aside", want } };
    };
    put(world, "hub/loom/agent", "arc/south", home("/home/loom", "loom"));
    const [move, owner] = ["0".repeat(36), "arc/north"];
    const refused = (ask: () => unknown) => expect(ask).toThrow(/was refused for tenant arc/);
    for (const id of ["hub/loom/agent", "hub/host", "hub/iris/account"]) {
      refused(() => table.leave?.(host, { op: "leave", id, owner, to: "east" }));
      refused(() => table.pack?.(host, { op: "pack", id, owner, move, first: true }));
      refused(() => table.settle?.(host, { op: "settle", id, move, outcome: "arrived" }));
      refused(() => table.unpack?.(host, { op: "unpack", id, move, bytes: "" }));
    }
    const arrival = { op: "arrive", id: "hub/iris/agent", type: "Agent", owner, from: "east" } as const;
    refused(() => table.arrive?.(host, { ...arrival, items: home("/etc", "iris") }));
    refused(() => table.arrive?.(host, { ...arrival, items: home(world.home(), "root") }));
    const user = {
      kind: "user",
      name: "iris",
      want: { present: true, group: "arc", home: "/", shell: "/" },
    } as const;
    refused(() =>
      table.arrive?.(host, {
        ...arrival,
        items: { ...home(world.home(), "iris"), "identity:user iris": user },
      }),
    );
    const own = home(world.home(), "iris");
    refused(() => table.arrive?.(host, { ...arrival, items: own, move: "../x" }));
    const unpack = { op: "unpack", id: arrival.id, move } as const;
    refused(() => table.unpack?.(host, { ...unpack, bytes: "A".repeat(2 * MOVE_CHUNK + 4) }));
    await expect(table.unpack?.(host, { ...unpack, bytes: "" })).rejects.toThrow(/not moving to this host/);
    expect(table.arrive?.(host, { ...arrival, items: own })).toEqual({ state: "open" });
    expect(readRecords(host).find(({ id }) => id === arrival.id)).toMatchObject({
      gate: "muster-tenant-arc",
    });
    expect(table.observe?.(host, { op: "observe", owner })).toMatchObject({ moves: [{ agent: "iris" }] });
    expect(table.observe?.(openTenantSession(makeWorld()).host, { op: "observe", owner })).not.toHaveProperty(
      "moves",
    );
  });

  test("can see only the history of the tenant's own agents, and can start and stop only these agents", () => {
    const { host, table } = openTenantSession();
    record(host, [
      { event: "hostd-started" },
      { event: "died", agent: "iris" },
      { event: "died", agent: "vera" },
    ]);
    const historyOf = (agent?: string) =>
      table.history?.(host, { op: "history", ...(agent && { agent }), last: 9 }) as HistoryAnswer;
    expect(historyOf().events.map((event) => event.agent)).toEqual(["iris"]);
    expect(historyOf("vera").events).toEqual([]);
    for (const name of ["iris", "vera"])
      writeUsageFile(
        host,
        name,
        { state: NEW_STATE, days: { "2026-12-01": { m: [1, 1, 0, 0, 1, 0, 1] } } },
        {},
        new Date(),
      );
    const { usage = [] } = (table.usage?.(host, { op: "usage", from: "2026-01-01" }) ??
      {}) as Partial<UsageAnswer>;
    expect(usage.map(({ agent }) => agent)).toEqual(["iris"]);
    const stop = { op: "control", verb: "stop", by: "x" } as const;
    for (const [agent, unit] of [
      ["vera", "muster-agent-vera.service"],
      ["iris", "muster-agent-vera.service"],
      ["iris", "ssh.service"],
    ] as const) {
      for (const verb of CONTROL_VERBS)
        expect(() => table.control?.(host, { ...stop, verb, agent, unit })).toThrow(/was refused/);
    }
  });

  test("can pause the tenant's own agents", () => {
    const { host, table } = openTenantSession();
    const systemd = {
      ...host,
      run: () => ({ status: 0, stdout: "LoadState=loaded\nActiveState=inactive", stderr: "" }),
    };
    const ask = { op: "control", agent: "iris", unit: "muster-agent-iris.service", by: "x" } as const;
    expect(table.control?.(systemd, { ...ask, verb: "pause" })).toEqual({ changed: true });
    expect(() => table.control?.(systemd, { ...ask, verb: "start" })).toThrow("it was paused by x");
    expect(() => table.control?.(systemd, { ...ask, verb: "mask" } as never)).toThrow(/was refused/);
  });

  test("can see only the jobs of the tenant's own agents, and only unmanaged crontabs of the tenant's own users", () => {
    const { host, table } = openTenantSession();
    const words = (...all: unknown[]) => ({ op: "jobs", words: all }) as never;
    expect(table.jobs?.(host, words())).toEqual({ jobs: [] });
    for (const word of ["loom.retro", "retro", "iris", 5, "iris.retro/../x"])
      expect(() => table.jobs?.(host, words(word))).toThrow(/was refused/);
    mkdirSync(host.paths.crontabs);
    for (const user of ["iris", "loom"]) writeFileSync(`${host.paths.crontabs}/${user}`, "@daily /opt/x\n");
    const answer = table.observe?.(host, { op: "observe", resources: [], unmanaged: true });
    const crons = (answer as ObserveAnswer).unmanaged?.filter(({ kind }) => kind === "cron");
    expect(crons?.map(({ user }) => user)).toEqual(["iris"]);
  });

  test("cannot see, declare, start or stop a service", () => {
    const world = openTenantSession();
    const { host, table, request } = world;
    record(host, [{ event: "unhealthy", service: "cache" }]);
    expect(table.history?.(host, { op: "history", agent: "cache", last: 9 })).toEqual({ events: [] });
    const unit = "muster-agent-iris.service";
    const stop = { op: "control", verb: "stop", by: "x", agent: "iris", unit, isService: true } as const;
    expect(() => table.control?.(host, stop)).toThrow(/was refused/);
    const file = homeFile(`${world.home()}/x`);
    expect(() => table.converge?.(host, { ...request({ file }), id: "hub/cache/service" })).toThrow(
      /not a resource of this tenant's agents/,
    );
    const policy = homeFile("/var/lib/muster/hostd/services/cache.json");
    expect(() => table.converge?.(host, request({ policy }))).toThrow(/was refused/);
  });

  test.each([
    ["{}", undefined],
    ["null", undefined],
    [policyText({ maintenance: [null] }), undefined],
    [policyText({ maintenance: [{ days: "x", from: 0, to: 1 }] }), undefined],
    [policyText({ heartbeat: { by: "fifo", interval: 1, timeout: 3 } }), undefined],
    [policyText({ restarts: { most: 0, within: 60 } }), undefined],
    [`${policyText({})}${" ".repeat(70_000)}`, undefined],
    [
      policyText({ failover: { providers: ["nous"], restart: "now", deadline: 1, returnAfter: 1 } }),
      undefined,
    ],
    [
      policyText({ failover: { providers: ["nous", "../x"], restart: "now", deadline: 1, returnAfter: 1 } }),
      undefined,
    ],
    [
      policyText({ failover: { providers: ["nous", "nous"], restart: "now", deadline: 1, returnAfter: 1 } }),
      undefined,
    ],
    [
      policyText({ failover: { providers: ["a", "b"], restart: "never", deadline: 1, returnAfter: 1 } }),
      undefined,
    ],
    [
      policyText({ failover: { providers: ["a", "b"], restart: "now", deadline: "1", returnAfter: 1 } }),
      undefined,
    ],
    [policyText({ screen: { ...SCREEN, dialogs: [{ text: "", is: "menu" }] } }), undefined],
    [policyText({ screen: { ...SCREEN, dialogs: [{ text: "Go on?", is: "other" }] } }), undefined],
    [policyText({ screen: { ...SCREEN, prompt: { marks: [7] } } }), undefined],
    [policyText({ screen: [] }), undefined],
    [policyText({ screen: SCREEN }), JSON.parse(policyText({ screen: SCREEN }))],
    [policyText({}), JSON.parse(policyText({}))],
  ])("can apply only policies that the deadman can parse: %.80s", (text, policy) => {
    expect(parsePolicy(text)).toEqual(policy);
  });

  test("is refused if the tenant has no scope on the host, or if the command line is invalid", () => {
    const { host } = makeWorld();
    expect(() => tableOf(host, GATE)).toThrow(/the gate tenant arc is closed/);
    for (const words of [["tenant", "../x"], ["tenant"], ["root", "arc"], ["tenant", "arc", "x"]]) {
      expect(findAuthorizer(words)).toBeUndefined();
    }
  });
});

function policyText(parts: object): string {
  const heartbeat = { by: "file", interval: 15, timeout: 60 };
  return JSON.stringify({ heartbeat, restarts: { most: 5, within: 3600 }, maintenance: [], ...parts });
}

const HOSTILE_LINES = [
  "User=root",
  "Group=root",
  "Slice=system.slice",
  "ExecStart=+/bin/sh",
  "ExecStart=!!/usr/bin/tmux",
  "ExecStartPre=/bin/sh",
  "ExecStop=+/bin/id",
  "EnvironmentFile=/etc/shadow",
  "EnvironmentFile=-/var/lib/muster/credentials/loom/key",
  "BindPaths=/:/mnt",
  "StandardOutput=file:/etc/passwd",
  "LoadCredential=x:/etc/shadow",
  "PIDFile=/etc/passwd",
  "PermissionsStartOnly=yes",
  "AmbientCapabilities=CAP_SYS_ADMIN",
  "RuntimeDirectory=../x",
  "RootDirectory=/x",
  "OnFailure=evil.service",
  "[Socket]",
  "ListenStream=/x",
  "Alias=ssh.service",
  "NoNewPrivileges=no",
  "Type=oneshot",
  'Environment="A=b" \\',
  "\\",
  "# x \\",
  ";x",
  " User=root",
  "User = root",
  "\u0007",
  "DynamicUser=yes",
  "Delegate=yes",
  "BindPaths=/root:/home/iris/x",
  "BindReadOnlyPaths=/var/lib/muster",
  "ReadWritePaths=/",
  "MemoryMax=infinity",
  "WantedBy=basic.target",
  "Also=ssh.service",
  "Environment=A=b",
] as const;

const HOSTILE_JOB_LINES = [
  "ExecStopPost=+/bin/sh",
  "ExecCondition=/bin/sh",
  "OnFailure=muster-job-failed@loom.retro.service",
  "OnSuccess=ssh.service",
  "ConditionPathExists=/x",
  "ConditionPathExists=|!/x",
  "Unit=ssh.service",
  "Unit=muster-job-replace@loom.retro.service",
  "OnCalendar=daily %n",
  "OnCalendar=",
  "OnBootSec=1",
  "WakeSystem=yes",
  "X-Muster-Retry=99999 1",
  "X-Evil=1",
  "Persistent=no",
] as const;

function homeFile(path: string, text = "I am Iris.\n"): HostItem {
  const want = { type: "file", content: digestOf(text), owner: "iris", group: "arc", mode: "0600" } as const;
  return { kind: "file", path, actor: "iris", want };
}

function HOSTILE_ITEMS(): [string, unknown][] {
  const good = homeFile("/home/iris/x") as Extract<HostItem, { kind: "file" }>;
  const { actor: _, ...asRoot } = good;
  return [
    ["null as an item", null],
    ["a list", []],
    ["a file with no want", { ...good, want: undefined }],
    ["a file as root", asRoot],
    ["a file as another user", { ...good, actor: "loom" }],
    ["a file of an inherited kind", { ...good, kind: "constructor" }],
    ["an unknown key", { ...good, onRemove: "aside" }],
    ["a secret in the home", { ...good, secret: "x" }],
    ["a setuid file", { ...good, want: { ...good.want, mode: "4755" } }],
    ["a mode that is a number", { ...good, want: { ...good.want, mode: 644 } }],
    ["another group's file", { ...good, want: { ...good.want, group: "root" } }],
    ["a path that is not a string", { ...good, path: ["/home/iris/x"] }],
    ["the home as a file", { ...good, path: "/home/iris" }],
    ["a folder in the home", { kind: "directory", path: "/home/iris/x", want: {} }],
    [
      "an open home",
      {
        kind: "directory",
        path: "/home/iris",
        onRemove: "aside",
        want: { type: "directory", owner: "iris", group: "arc", mode: "0777" },
      },
    ],
    [
      "a table with a quote in its name",
      { kind: "rows", path: "/home/iris/x", actor: "iris", table: 'x"', want: {} },
    ],
    ["a file that restarts another unit", { ...good, notify: "ssh.service" }],
    ["an unknown restart policy", { ...good, notify: "muster-agent-iris.service", restart: "later" }],
    [
      "a restart deadline that is not a number",
      { ...good, notify: "muster-agent-iris.service", restart: "when-idle", within: "x" },
    ],
    [
      "a program that is searched for as another user",
      {
        kind: "program",
        unit: "muster-agent-iris.service",
        name: "sh",
        search: "/bin",
        workdir: "/",
        actor: "root",
        want: { found: true },
      },
    ],
    ["another unit", { kind: "unit", name: "ssh.service", want: {} }],
    [
      "an override of its unit",
      {
        kind: "unit",
        name: "muster-agent-iris.service",
        want: { enabled: "enabled", active: "running", overrides: "/x" },
      },
    ],
    ...["user", "group", "package", "runtime"].map((kind): [string, unknown] => [
      `a ${kind}`,
      { kind, name: "iris", want: { present: true } },
    ]),
  ];
}

/**
 * Opens a session with the login of the tenant arc. By default, the tenant's only agent is iris, whose home is the
 * world's home.
 */
function openTenantSession(world: World = makeWorld(), agents: readonly string[] = ["iris"]) {
  const { host } = world;
  const home = world.home();
  const scopedAgents = agents.map((name) => ({ ...iris, name, home }));
  const folder = `${host.paths.state}/gates/tenant-arc`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/scope.json`, JSON.stringify({ ...scope, tenant: "arc", agents: scopedAgents }));
  writeFileSync(`${host.paths.etc}/group`, `arc:x:${IRIS.gid}:\n`);
  const text = "I am Iris.\n";
  const request = (items: Items, contents: Contents = { [digestOf(text)]: text }): ConvergeRequest => ({
    op: "converge",
    id: "hub/iris/agent",
    type: "Agent",
    owner: "arc/north",
    items,
    contents,
    secrets: {},
  });
  return { ...world, table: tableOf(host, GATE), request };
}

function put({ host }: World, id: string, owner: string, items: Items): void {
  const record: HostRecord = { id, type: "Agent", owner, items, applied: {} };
  const folder = `${host.paths.records}/${owner.replace("/", "~")}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${id.replaceAll("/", "~")}.json`, JSON.stringify(record));
}

test("a tenant reads and closes only its own recurring findings, and merges only its own contacts", async () => {
  const world = makeWorld();
  const { host } = world;
  mkdirSync(`${host.paths.state}/gates/tenant-arc`, { recursive: true });
  writeFileSync(`${host.paths.state}/gates/tenant-arc/scope.json`, JSON.stringify(scope));
  const entry = { item: "a", property: "mode", declared: "1", observed: "2", cause: "drift" } as const;
  const entries = Array.from({ length: 3 }, () => ({ ...entry, seen: "2026", repaired: "2026-01-01" }));
  for (const id of ["hub/iris/agent", "hub/spark/agent"]) {
    writeRecord(host, { id, type: "Agent", owner: "arc/main", items: {}, applied: {} });
    writeLedger(host, id, { corrective: entries, intended: [], closings: [] });
  }
  const table = tableOf(host, GATE);
  const seen = (await table.observe?.(host, { op: "observe", resources: [] })) as ObserveAnswer;
  expect(seen.repeated?.map(({ resource }) => resource)).toEqual(["hub/iris/agent"]);
  expect(Object.keys((await table.ledgers?.(host, { op: "ledgers" }))?.ledgers ?? {})).toEqual([
    "hub/iris/agent",
  ]);
  const request = {
    op: "resolve",
    resource: "hub/spark/agent",
    id: "00000000",
    by: "a@b",
    why: "x",
  } as const;
  expect(() => table.resolve?.(host, request)).toThrow(/not a resource of this tenant/);
  const contacts = { op: "contacts", resource: "hub/spark/agent" } as const;
  expect(() => table.contacts?.(host, contacts)).toThrow(/not a resource of this tenant/);
});
