import { dirname, relative } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import { forgeOf } from "../../forge/forge-client.ts";
import { publishComment, publishIssue } from "../../forge/publish.ts";
import { DRIFT_OPTIONS } from "../check-drift.ts";
import { type CiResult, ciResult } from "../ci-result.ts";
import type { CommandDefinition } from "../command.ts";
import { fleetFile } from "../open-fleet.ts";

export const command: CommandDefinition = {
  usage: "ci <task> [dir]",
  summary:
    "for CI workflows: `issue` keeps an issue open while there is drift, `comment DIR` comments on a pull request",
  options: DRIFT_OPTIONS,
  async run({ args, options, io }) {
    const [task, change] = args;
    const publish = publisherFor(task, change);
    const result = await ciResult({ ...options, change });
    io.out(result.text);
    await publish(result);
    return result.codes;
  },
};

/**
 * Checks the settings for publishing before any host is contacted. Returns the function that publishes the
 * result.
 */
function publisherFor(task: string | undefined, change: string | undefined) {
  if (task === "issue" && change === undefined) {
    const forge = forgeOf(process.env);
    return ({ title, markdown, codes }: CiResult) =>
      publishIssue(forge, { about: about("drift"), title, body: markdown, open: codes.length > 0 });
  }
  if (task === "comment" && change !== undefined) {
    const forge = forgeOf(process.env);
    const pull = pullRequest(process.env["GITHUB_REF"]);
    return ({ markdown }: CiResult) =>
      publishComment(forge, pull, { about: about("change"), body: markdown });
  }
  throw new InvalidError({
    what: `unknown task ${JSON.stringify([task, change].join(" ").trim())}`,
    why: "the tasks are `fleet ci issue` and `fleet ci comment DIR`.",
  });
}

/**
 * Returns the subject of an issue or comment. The subject names the fleet's folder, because a repository can contain
 * several fleets.
 */
function about(what: string): string {
  const dir = dirname(fleetFile());
  return `${what} of ${relative(process.env["GITHUB_WORKSPACE"] ?? dir, dir)}`;
}

/** Reads the pull request's number from GITHUB_REF, which is `refs/pull/7/merge` or `refs/pull/7/head`. */
function pullRequest(ref = ""): number {
  const number = /^refs\/pull\/(\d+)\//.exec(ref)?.[1];
  if (number !== undefined) return Number(number);
  throw new InvalidError({
    what: "there is no pull request to comment on",
    why: `GITHUB_REF is ${JSON.stringify(ref)}.`,
    next: "Run this command in a workflow with `on: pull_request`.",
  });
}
