import { existsSync } from "node:fs";
import { type RunProgram, runProgram } from "../../src/host/system/run-program.ts";
import { AGENT_PARTS, type AgentPart, partOf } from "../../src/model/agent-parts.ts";
import { digestOf } from "../../src/model/digest.ts";
import { AS_DECLARED, type Items } from "../../src/model/items.ts";
import type { ConvergeRequest } from "../../src/model/protocol.ts";
import { book, makeAgentWorld, type World } from "./world.ts";

export const UNIT = "muster-agent-iris.service";
export const TIMER = "muster-job-iris.retro.timer";
const ENABLED = { enabled: "enabled", active: "running", overrides: "none" } as const;

/** Returns a fake systemd in which every unit is enabled, and runs after it has been started. */
function fakeSystemd() {
  const running = new Set<string>();
  const starts: string[] = [];
  const state = (unit: string) =>
    running.has(unit) ? "ActiveState=active\nSubState=running\n" : "ActiveState=inactive\nSubState=dead\n";
  const run: RunProgram = (program, args, options) => {
    if (!program.startsWith("system")) return runProgram(program, args, options);
    const [verb = ""] = args;
    const units = args.slice(args.indexOf("--") + 1);
    if (verb === "stop") for (const unit of units) running.delete(unit);
    if (verb === "start" || verb === "restart") {
      for (const unit of units) running.add(unit);
      starts.push(`${verb} ${units.join(" ")}`);
    }
    const said: Readonly<Record<string, string>> = {
      show: units.map((unit) => `LoadState=loaded\n${state(unit)}`).join("\n"),
      "list-unit-files": units.map((unit) => `${unit} enabled enabled\n`).join(""),
    };
    return { status: 0, stdout: said[verb] ?? "", stderr: "" };
  };
  return { run, running, starts };
}

/** Returns a world with an agent that has every part. */
export function completeAgent() {
  const systemd = fakeSystemd();
  const world = makeAgentWorld(systemd.run);
  /** @param broken the parts that cannot be applied */
  const up = (broken: readonly AgentPart[] = [], text = "one", more: Partial<ConvergeRequest> = {}) => {
    const { items, contents } = declared(world, broken, text);
    return world.up(items, { contents, secrets: { "credentials:key": text }, ...more });
  };
  const record = () => world.observe().record;
  /** Returns the parts that have all their files. */
  const made = () => {
    const files = Object.entries(declared(world, [], "one").items).flatMap(([name, item]) =>
      "path" in item ? [{ part: partOf(name), isThere: existsSync(item.path) }] : [],
    );
    return AGENT_PARTS.filter((part) => files.every((file) => file.part !== part || file.isThere));
  };
  return { ...systemd, world, up, record, made };
}

/** Returns the items of an agent with every part. @param broken the parts that cannot be applied */
export function declared(world: World, broken: readonly AgentPart[], text: string) {
  const home = world.home();
  const contacts = book(`${home}/contacts.db`, { loom: { email: `${text}@example.org` } });
  const fault = (part: AgentPart) => (broken.includes(part) ? { actor: "nobody-here" } : {});
  const program = (part: AgentPart) => {
    const name = broken.includes(part) ? "mosaic" : "sh";
    const where = { search: "/usr/bin:/bin", workdir: home, actor: "iris" } as const;
    return { kind: "program", unit: UNIT, name, ...where, want: { found: true } } as const;
  };
  const asRoot = (path: string, secret?: string) => {
    const { actor: _, ...file } = world.file(path, text, secret === undefined ? {} : { secret });
    return secret === undefined ? file : { ...file, want: { ...file.want, content: AS_DECLARED } as const };
  };
  const service = "muster-job-iris.retro.service";
  const items: Items = {
    "identity:SOUL.md": { ...world.file(`${home}/SOUL.md`, text), ...fault("identity") },
    "credentials:key": {
      ...asRoot(`${world.dir}/state/credentials/key`, "config:key"),
      ...fault("credentials"),
    },
    "contacts:contacts.db": { ...contacts.item, ...fault("contacts") },
    "unit:program": program("unit"),
    "unit:unit file": { ...asRoot(`${world.host.paths.units}/${UNIT}`), notify: UNIT },
    "unit:unit": { kind: "unit", name: UNIT, want: ENABLED },
    "jobs:retro program": program("jobs"),
    "jobs:retro service file": asRoot(`${world.host.paths.units}/${service}`),
    "jobs:retro": { kind: "timer", name: TIMER, service, schedule: "daily", want: ENABLED },
  };
  return { items, contents: { ...contacts.contents, [digestOf(text)]: text } };
}
