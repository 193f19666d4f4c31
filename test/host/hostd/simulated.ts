import type { Action, AgentSnapshot, HostEvent } from "../../../src/host/hostd/decision-step.ts";
import type { ProviderSnapshot } from "../../../src/host/hostd/provider-health.ts";
import { type Memory, parseMemory } from "../../../src/host/hostd/saved-memory.ts";
import { tick, wakeUp } from "../../../src/host/hostd/tick-decisions.ts";
import type { UnitView } from "../../../src/host/units/observe-units.ts";
import type { WatchedUnit } from "../../../src/host/units/policies.ts";
import type { Evidence } from "../../../src/host/usage/agent-usage-state.ts";
import type { HealthCheck } from "../../../src/model/health-check.ts";

import type { AccountLimits } from "../../../src/model/limits.ts";
import type { Usage } from "../../../src/model/usage.ts";

/** systemd's RestartSec in agents' units. */
const RESTART_SECONDS = 0.2;

/** An agent with its unit, as the deadman observes them. */
export interface SimulatedAgent {
  readonly policy: WatchedUnit;
  state: UnitView["state"];
  run: number;
  restarts: number;
  hangs: boolean;
  /** Seconds from each start to the next crash; 0 if the agent does not crash. */
  crashesAfter: number;
  startsAt: number;
  startedAt: number;
  diesAt: number;
  heartbeatAt: number;
  heartbeats: number;
  result: string;
  /** The response to a service's check, and the number of checks in this run. */
  answer: { readonly ok: boolean; readonly detail: string };
  asked: number;
  askedAt: number;
  /** The provider with the linked drop-in, and the provider that systemd has loaded. Empty for the first provider. */
  linked: string;
  loaded: string;
  /** The provider with which the agent's program was started. */
  runsOn: string;
}

/** A provider that is probed at each interval and responds according to `isHealthy`. */
export interface SimulatedProvider {
  readonly check: HealthCheck;
  isHealthy: boolean;
  asksAt: number;
  count: number;
}

/** A host in memory: its systemd, its agents and the real deadman, in simulated seconds. */
export class SimulatedHost {
  now = 0;
  boots = 1;
  isUp = true;
  memory: Memory;
  readonly agents: Record<string, SimulatedAgent> = {};
  readonly quarantined = new Set<string>();
  readonly events: (HostEvent & { at: number })[] = [];
  /** The agents that the deadman has stopped because they seemed to hang, and whether they really hung. */
  readonly kills: { readonly agent: string; readonly hung: boolean }[] = [];
  /** The number of times that the deadman has restarted a service. */
  revived = 0;
  readonly providers: Record<string, SimulatedProvider> = {};
  held = "";
  /** The number of times that an agent's provider should have changed, and whether these changes fail. */
  switches = 0;
  isReadOnly = false;
  /** What the agents' records prove about their accounts, and the rules and the usage of accounts and budgets. */
  readonly evidence: Record<string, Evidence> = {};
  rules: AccountLimits = { accounts: {}, budgets: [] };
  usage: readonly Usage[] = [];
  /** The parks, by agent. */
  readonly parks: Record<string, NonNullable<AgentSnapshot["parked"]>> = {};
  /** The agents that are never idle. */
  readonly busy = new Set<string>();
  /** The deferred restarts, by agent. */
  deferred: Record<string, { within: number; isIdle: boolean }> = {};
  private since = 0;

  constructor(policies: readonly WatchedUnit[]) {
    for (const policy of policies) this.agents[policy.agent] = startedAgent(policy);
    this.memory = parseMemory(undefined);
    this.wake();
  }

  /** Kills the deadman, and starts it again with only the state that it has saved. */
  restartHostd(): void {
    this.memory = parseMemory(JSON.stringify(this.memory));
    for (const provider of Object.values(this.providers)) provider.count = 0;
    this.wake();
  }

  /** Reboots the host; afterwards systemd starts every agent that is not in quarantine. */
  reboot(seconds: number): void {
    this.now += seconds;
    this.boots += 1;
    for (const agent of Object.values(this.agents)) {
      agent.restarts = 0;
      agent.state = "down";
      if (!this.quarantined.has(agent.policy.unit)) this.start(agent);
    }
    this.restartHostd();
  }

  /** @param rules as in a probe; by default every 10 s, with three failures and two successes */
  provide(name: string, rules: Partial<HealthCheck> = {}): SimulatedProvider {
    const probe = { kind: "tcp", host: "127.0.0.1", port: 1, timeout: 1 } as const;
    const check = { probe, interval: 10, failures: 3, successes: 2, ...rules };
    const provider = { check, isHealthy: true, asksAt: this.now, count: 0 };
    this.providers[name] = provider;
    return provider;
  }

  /** Starts an agent by hand, as `fleet start` does. */
  startByHand(name: string): void {
    this.start(this.agent(name));
  }

  release(name: string): void {
    const agent = this.agent(name);
    this.quarantined.delete(agent.policy.unit);
    agent.restarts = 0;
    this.start(agent);
  }

  crash(name: string): void {
    const agent = this.agent(name);
    if (agent.state === "up") this.die(agent, "success");
  }

  hang(name: string): void {
    this.agent(name).hangs = true;
  }

  agent(name: string): SimulatedAgent {
    const agent = this.agents[name];
    if (agent === undefined) throw new Error(`no agent ${name}`);
    return agent;
  }

  /** Lets the monotonic clock jump, without any event during the jump. */
  stall(seconds: number): void {
    this.since += seconds;
  }

  /** Lets time pass, and lets the deadman check once at the end. */
  pass(seconds: number): void {
    this.now += seconds;
    this.since += seconds;
    for (const agent of Object.values(this.agents)) this.live(agent);
    for (const provider of Object.values(this.providers)) {
      if (provider.asksAt > this.now) continue;
      provider.asksAt = this.now + provider.check.interval;
      provider.count += 1;
    }
    this.check();
  }

  private live(agent: SimulatedAgent): void {
    if (agent.state === "up" && agent.diesAt <= this.now) this.die(agent, "exit-code");
    if (agent.state === "ended" && agent.startsAt <= this.now) {
      agent.restarts += 1;
      this.start(agent);
    }
    const every = agent.policy.service?.health.interval ?? Number.POSITIVE_INFINITY;
    if (agent.state === "up" && agent.askedAt + every <= this.now) {
      agent.asked += 1;
      agent.askedAt = this.now;
    }
    if (agent.state === "up" && !agent.hangs && agent.heartbeatAt <= this.now) {
      agent.heartbeats += 1;
      agent.heartbeatAt = this.now + agent.policy.heartbeat.interval;
    }
  }

  private start(agent: SimulatedAgent): void {
    agent.state = "up";
    agent.run += 1;
    agent.startedAt = this.now;
    agent.asked = 0;
    agent.askedAt = this.now;
    agent.hangs = false;
    agent.runsOn = agent.loaded || (agent.policy.failover?.providers[0] ?? "");
    delete this.deferred[agent.policy.agent];
    agent.heartbeatAt = this.now;
    agent.diesAt = agent.crashesAfter > 0 ? this.now + agent.crashesAfter : Number.POSITIVE_INFINITY;
  }

  private die(agent: SimulatedAgent, result: string): void {
    agent.state = "ended";
    agent.result = result;
    agent.startsAt = this.now + RESTART_SECONDS;
  }

  private check(): void {
    const agents: Record<string, AgentSnapshot> = {};
    for (const [name, agent] of Object.entries(this.agents)) agents[name] = this.seen(agent);
    const asked = Object.entries(this.providers).map(([name, one]) => [name, snapshotOf(one)] as const);
    const providers = Object.fromEntries(asked);
    const accounts = { rules: this.rules, usage: this.usage, now: this.wallClock() };
    const snapshot = { since: this.since, agents, known: Object.keys(agents), providers, accounts };
    this.since = 0;
    const outcome = tick(this.memory, snapshot);
    for (const action of outcome.actions) this.apply(action);
    for (const event of outcome.events) this.events.push({ ...event, at: this.now });
    this.memory = outcome.memory;
  }

  /** Returns the time of the wall clock in milliseconds since 1970. */
  wallClock(): number {
    return Date.UTC(2026, 11, 1, 12) + this.now * 1000;
  }

  /** Ends a park, as `fleet resume` does. */
  resume(name: string): void {
    delete this.parks[name];
    this.start(this.agent(name));
  }

  private seen(agent: SimulatedAgent): AgentSnapshot {
    const { policy, state, run, restarts, result, heartbeats } = agent;
    return {
      policy,
      unit: { state, run: `${run}`, restarts, result },
      age: this.now - agent.startedAt,
      ...(policy.failover && {
        override: {
          ...(agent.linked && { linked: agent.linked }),
          ...(agent.loaded && { loaded: agent.loaded }),
        },
      }),
      ...(this.deferred[policy.agent] && { deferred: this.deferred[policy.agent] }),
      ...(agent.asked > 0 && { check: { ...agent.answer, count: agent.asked, streak: agent.asked } }),
      reading: state === "up" && heartbeats > 0 ? { mark: `${heartbeats}`, state: "idle" } : {},
      ...(this.evidence[policy.agent] && { evidence: this.evidence[policy.agent] }),
      ...(this.parks[policy.agent] && { parked: this.parks[policy.agent] }),
      isIdle: !this.busy.has(policy.agent),
      isQuarantined: this.quarantined.has(policy.unit) || this.parks[policy.agent] !== undefined,
      held: this.held,
      isFresh: true,
    };
  }

  private apply(action: Action): void {
    const agent = this.agent(action.agent);
    if (action.act === "kill") {
      this.kills.push({ agent: action.agent, hung: agent.hangs });
      this.die(agent, "signal");
      return;
    }
    if (action.act === "switch") {
      this.switches += 1;
      if (this.isReadOnly) return;
      agent.linked = action.change?.to ?? "";
      agent.loaded = agent.linked;
      if (agent.state !== "down")
        this.deferred[action.agent] = {
          within: action.change?.within ?? 0,
          isIdle: !this.busy.has(action.agent),
        };
      return;
    }
    if (action.act === "unpark") {
      delete this.parks[action.agent];
      if (action.park?.wasStopped !== true) this.start(agent);
      return;
    }
    if (action.act === "park" && action.park !== undefined) {
      const since = new Date(this.wallClock()).toISOString();
      this.parks[action.agent] = { ...action.park, since, reason: action.reason };
    }
    if (action.act === "revive") this.revived += 1;
    if (action.act === "restart" || action.act === "revive") {
      agent.restarts = 0;
      delete this.deferred[action.agent];
      this.start(agent);
      return;
    }
    if (action.act === "quarantine") this.quarantined.add(action.unit);
    agent.state = "down";
    agent.result = "success";
  }

  private wake(): void {
    const { memory, events } = wakeUp(this.memory, `boot ${this.boots}`);
    this.memory = memory;
    for (const event of events) this.events.push({ ...event, at: this.now });
  }
}

function snapshotOf({ check, isHealthy, count }: SimulatedProvider): ProviderSnapshot {
  if (count === 0) return { check };
  // The deadman itself counts equal responses in a row, across its own restarts.
  return {
    check,
    answered: { ok: isHealthy, detail: isHealthy ? "it answers 200" : "it answers 500", count, streak: 1 },
  };
}

function startedAgent(policy: WatchedUnit): SimulatedAgent {
  return {
    policy,
    state: "up",
    run: 1,
    restarts: 0,
    hangs: false,
    crashesAfter: 0,
    startsAt: 0,
    startedAt: 0,
    diesAt: Number.POSITIVE_INFINITY,
    heartbeatAt: 0,
    heartbeats: 0,
    result: "success",
    answer: { ok: true, detail: "it answers 200" },
    asked: 0,
    askedAt: 0,
    linked: "",
    loaded: "",
    runsOn: policy.failover?.providers[0] ?? "",
  };
}

/** Returns an agent's policy. `parts` replaces the fields that matter to the test. */
export function policyOf(agent: string, parts: Partial<WatchedUnit> = {}): WatchedUnit {
  return {
    agent,
    unit: `muster-agent-${agent}.service`,
    heartbeat: { by: "file", sent: "timer", interval: 15, timeout: 45 },
    restarts: { most: 5, within: 3600 },
    maintenance: [],
    ...parts,
  };
}
