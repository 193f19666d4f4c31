import { relative } from "node:path";
import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { CheckoutItem, Items } from "../../model/items.ts";
import { remoteOf } from "../../model/repository.ts";
import { unitName } from "../unit-names.ts";
import { readAtStart } from "./read-at-start.ts";

/** Returns the checkout of the agent's repository. @param files the files of the identity, which a reset must keep */
export function checkoutItem(fleet: Fleet, agent: AgentSpec, files: Items): Record<string, CheckoutItem> {
  const { repository, user } = agent;
  if (repository === undefined) return {};
  const { folder, from, revision, restarts } = repository;
  const kept = Object.values(files)
    .flatMap((item) => ("path" in item ? [relative(folder, item.path)] : []))
    .filter((path) => path !== "" && !path.startsWith(".."));
  const units = Object.entries(restarts).map(([name, patterns]) => {
    const unit = name === agent.name ? unitName(agent) : fleet.services[name]?.unit;
    return [unit, ...patterns].join(" ");
  });
  const { restart, within } = readAtStart(agent);
  const item: CheckoutItem = {
    ...{ kind: "checkout", folder, actor: user, from },
    ...{ keep: [...new Set(kept)].sort().join("\n"), restarts: units.join("\n"), notify: unitName(agent) },
    ...(restart !== undefined && { restart }),
    ...(within !== undefined && { within }),
    want: { type: "checkout", revision, changes: "none", remote: remoteOf(from) },
  };
  return { repository: item };
}
