import { posix } from "node:path";
import { mapKeys } from "../../base/objects.ts";
import { formerLabel } from "../../model/former-unit.ts";
import type { AgentSpec, FormerSpec } from "../fleet.ts";
import type { RawAgent, RawFormer } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import type { Context } from "./context.ts";

type Adoption = Pick<AgentSpec, "replaces" | "copies" | "takeOver">;

/** Returns and checks the fields that control the adoption of a running agent. */
export function adoptionOf(
  raw: RawAgent,
  { user, home }: Pick<AgentSpec, "user" | "home">,
  keys: Keys,
  context: Context,
): Adoption {
  checkCopies(raw, home, keys, context);
  const replaces = (raw.replaces ?? []).map((one) => formerOf(one, user));
  const labels = replaces.map(formerLabel);
  for (const [i, label] of labels.entries())
    if (labels.indexOf(label) < i)
      context.report.error(context.source, [...keys, "replaces", i], `is already in the list: ${label}`);
  return {
    replaces,
    copies: mapKeys(raw.copies ?? {}, (path) => posix.join(home, path).replace(/\/$/, "")),
    takeOver: takeOverOf(raw, keys, context),
  };
}

/** @param own the agent's user */
function formerOf(raw: string | RawFormer, own: string): FormerSpec {
  if (typeof raw === "string") return { name: raw, user: own };
  const { user, service, userService, tmuxSession, socket } = raw;
  if (userService !== undefined) return { name: userService, user, manager: "user" };
  if (tmuxSession !== undefined && socket !== undefined)
    return { name: tmuxSession, user, manager: "tmux", socket: posix.normalize(socket) };
  return { name: service ?? "", user };
}

/**
 * Returns and checks `takeOver`. The value `later` is valid only with `replaces`, because a unit in `replaces` must run
 * the agent until the take-over.
 */
function takeOverOf(raw: RawAgent, keys: Keys, { report, source }: Context): AgentSpec["takeOver"] {
  const isLater = raw.takeOver === "later";
  if (isLater && (raw.replaces ?? []).length === 0) {
    const sentence = "is `later`, but `replaces` names no service that runs the agent in the meantime";
    report.error(source, [...keys, "takeOver"], sentence);
  }
  if (isLater && raw.lifecycle === "ephemeral") {
    report.error(source, [...keys, "takeOver"], "can be `later` only for an agent with `lifecycle: core`");
  }
  return raw.takeOver ?? "now";
}

function checkCopies(raw: RawAgent, home: string, keys: Keys, { report, source }: Context): void {
  const copies = Object.entries(raw.copies ?? {});
  if (copies.length === 0) return;
  const at = [...keys, "copies"];
  if ((raw.replaces ?? []).length === 0)
    report.error(
      source,
      at,
      "needs `replaces`: only data of the services and sessions that run the agent now can be copied",
    );
  if (raw.lifecycle === "ephemeral")
    report.error(source, at, "can be used only for an agent with `lifecycle: core`");
  for (const [path, from] of copies)
    if (`${from}/`.startsWith(`${home}/`))
      report.error(
        source,
        [...at, path],
        `is in the agent's own home ${home}, so it does not have to be copied`,
      );
}
