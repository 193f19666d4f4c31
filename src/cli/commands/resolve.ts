import { InvalidError, MusterError } from "../../base/errors.ts";
import { requester } from "../../base/requester.ts";
import { labelOf } from "../../model/agent-parts.ts";
import { subjectOf } from "../../model/resource-id.ts";
import type { CommandDefinition } from "../command.ts";
import { withController, withHosts } from "../connections.ts";
import { observeRepeated } from "../observe/recurring.ts";
import { openFleet } from "../open-fleet.ts";
import { settingsOf } from "../stack/settings.ts";

export const command: CommandDefinition = {
  usage: "resolve <id>",
  summary:
    "close a recurring finding of `fleet drift`, with the reason; after that, only later repairs count",
  options: {
    "--why <text>": "the change that prevents further repairs (required)",
    "--stack <name>": "use the login of this stack",
  },
  async run({ args, options, io }) {
    const [id = ""] = args;
    const why = reasonIn(options["why"]);
    const fleet = openFleet();
    const stack = settingsOf(fleet, options["stack"]);
    const repeated = await withHosts(fleet, stack, (open) => observeRepeated(fleet, open));
    const found = repeated.found.find((one) => one.id === id);
    if (found === undefined) throw notFound(id, repeated.unanswered);
    const { host, resource } = found;
    const request = { op: "resolve", resource, id, by: requester(), why } as const;
    const { closed } = await withController(fleet, stack, async (open) =>
      (await open(host)).resolve(request),
    );
    if (closed === undefined) throw notFound(id, []);
    const { name } = subjectOf(resource);
    io.out(`${name}: ${labelOf(closed.item)}: ${closed.property} is closed: ${why}\n`);
    return [];
  },
};

/** Returns the reason in one line. @throws InvalidError if the reason is missing or too long */
function reasonIn(why: string | boolean | undefined): string {
  const text = typeof why === "string" ? why.replaceAll(/\s+/g, " ").trim() : "";
  if (text.length > 0 && text.length <= 1000) return text;
  throw new InvalidError({
    what: "--why",
    why: "it must describe the change that prevents further repairs, in 1 to 1000 characters.",
  });
}

function notFound(id: string, unanswered: readonly string[]): MusterError {
  return new MusterError({
    what: `no open recurring finding has the ID ${JSON.stringify(id)}`,
    why:
      unanswered.length === 0
        ? "no host has such a finding."
        : `no host that answered has such a finding; these hosts did not answer: ${unanswered.join(", ")}.`,
    next: "`npx fleet drift` lists the recurring findings with their IDs.",
  });
}
