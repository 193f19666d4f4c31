import { groupPower } from "../../model/group-powers.ts";
import type { AgentSpec, Fleet } from "../fleet.ts";
import type { Lint, Remark } from "./lint.ts";

/** Warns about groups and rights that give an agent access beyond its own files. Each warning names this access. */
export const powerfulRights: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap((agent) => [
    ...agent.groups.flatMap((group) => groupRemark(fleet, agent, group)),
    ...rightRemarks(agent),
  ]);

function groupRemark(fleet: Fleet, { name, tenant }: AgentSpec, group: string): Remark[] {
  const power = groupPower(group);
  const what =
    power === undefined && group !== tenant && fleet.tenants[group] !== undefined
      ? `read what only tenant ${group} can read`
      : power;
  if (what === undefined) return [];
  return [warning(["agents", name, "groups"], `${group}: the agent can ${what} (docs/isolation.md)`)];
}

function rightRemarks({ name, rights }: AgentSpec): Remark[] {
  const at = (key: string) => ["agents", name, "rights", key];
  return [
    ...rights.sudo.map((line) =>
      warning(
        at("sudo"),
        `${line}: any program that runs as ${name} outside its unit can use this line (docs/isolation.md)`,
      ),
    ),
    ...(rights.keys.length === 0
      ? []
      : [
          warning(
            at("keys"),
            `anybody with one of these keys can log in as ${name}, and the limits of its unit do not apply to this login (docs/isolation.md)`,
          ),
        ]),
    ...(rights.linger
      ? [
          warning(
            at("linger"),
            `the agent can run its own systemd units, outside its unit and its limits (docs/isolation.md)`,
          ),
        ]
      : []),
    ...rights.files.map((file) =>
      warning(at("files"), `${file}: anybody who starts this file gets these rights (docs/isolation.md)`),
    ),
  ];
}

function warning(keys: Remark["keys"], sentence: string): Remark {
  return { keys, sentence, level: "warning" };
}
