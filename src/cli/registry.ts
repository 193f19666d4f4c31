import type { CommandDefinition } from "./command.ts";

/**
 * All commands of `fleet`. Each command is loaded only when it runs. To add a command, write one file and add one line
 * here.
 */
export const registry: Readonly<Record<string, () => Promise<{ readonly command: CommandDefinition }>>> = {
  init: () => import("./commands/init.ts"),
  validate: () => import("./commands/validate.ts"),
  pin: () => import("./commands/pin.ts"),
  drift: () => import("./commands/drift.ts"),
  ps: () => import("./commands/ps.ts"),
  jobs: () => import("./commands/jobs.ts"),
  report: () => import("./commands/report.ts"),
  usage: () => import("./commands/usage.ts"),
  spof: () => import("./commands/spof.ts"),
  services: () => import("./commands/services.ts"),
  hosts: () => import("./commands/hosts.ts"),
  targets: () => import("./commands/targets.ts"),
  history: () => import("./commands/history.ts"),
  routes: () => import("./commands/routes.ts"),
  resolve: () => import("./commands/resolve.ts"),
  watch: () => import("./commands/watch.ts"),
  logs: () => import("./commands/logs.ts"),
  send: () => import("./commands/send.ts"),
  agent: () => import("./commands/agent.ts"),
  start: () => import("./commands/start.ts"),
  stop: () => import("./commands/stop.ts"),
  restart: () => import("./commands/restart.ts"),
  pause: () => import("./commands/pause.ts"),
  resume: () => import("./commands/resume.ts"),
  release: () => import("./commands/release.ts"),
  ssh: () => import("./commands/ssh.ts"),
  import: () => import("./commands/import.ts"),
  contacts: () => import("./commands/contacts.ts"),
  forget: () => import("./commands/forget.ts"),
  stack: () => import("./commands/stack.ts"),
  ci: () => import("./commands/ci.ts"),
  doctor: () => import("./commands/doctor.ts"),
  unlock: () => import("./commands/unlock.ts"),
  clean: () => import("./commands/clean.ts"),
  completion: () => import("./commands/completion.ts"),
};

/**
 * Loads the named command. If no command has this name, loads all commands, because `--help` and suggestions list all
 * commands.
 */
export async function loadCommands(name: string | undefined): Promise<CommandDefinition[]> {
  const one = name !== undefined && Object.hasOwn(registry, name) ? registry[name] : undefined;
  const loads = one === undefined ? Object.values(registry) : [one];
  return (await Promise.all(loads.map((load) => load()))).map((module) => module.command);
}
