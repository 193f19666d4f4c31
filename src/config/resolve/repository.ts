import { posix } from "node:path";
import { COMMIT, isRemote } from "../../model/repository.ts";
import type { RepositorySpec } from "../fleet/agents.ts";
import type { RawAgent, RawRepository } from "../fleet-yaml-types.ts";
import { runGit } from "../git.ts";
import { inHome } from "../home-path.ts";
import type { Keys } from "../problem.ts";
import { anywherePath, type Context } from "./context.ts";

/** What the checkout of an agent depends on. */
interface Place {
  readonly name: string;
  readonly home: string;
  readonly workdir: string;
}

/** Resolves the repository of an agent. The revision of a folder becomes a commit, so that all hosts get the same one. */
export function repositoryOf(
  { repository: raw }: RawAgent,
  place: Place,
  keys: Keys,
  context: Context,
): { readonly repository?: RepositorySpec } {
  if (raw === undefined) return {};
  const own = [...keys, "repository"];
  const folder = folderOf(raw, place, own, context);
  const revision = isRemote(raw.from) ? remoteCommit(raw, own, context) : localCommit(raw, own, context);
  if (folder === undefined || revision === undefined) return {};
  const source = isRemote(raw.from) ? raw.from : anywherePath(context.home, raw.from);
  const restarts = raw.restarts ?? { [place.name]: ["**"] };
  return { repository: { from: raw.from, source, revision, folder, restarts } };
}

function folderOf(raw: RawRepository, { home, workdir }: Place, keys: Keys, { report, source }: Context) {
  const folder = raw.path === undefined ? workdir : posix.resolve(home, inHome(home, raw.path));
  if (folder.startsWith(`${home}/`)) return folder.replace(/\/$/, "");
  const sentence =
    raw.path === undefined
      ? "needs `path`, because `workdir` is not a folder in the agent's home"
      : "must be a folder in the agent's home, not the home itself";
  report.error(
    source,
    raw.path === undefined ? keys : [...keys, "path"],
    sentence,
    raw.path === undefined ? "key" : "value",
  );
  return undefined;
}

function remoteCommit({ from, revision }: RawRepository, keys: Keys, { report, source }: Context) {
  if (/^[a-z]+:\/\/[^/]*:[^/]*@/.test(from)) {
    report.error(source, [...keys, "from"], "contains a password: use a folder, or a URL without a password");
    return undefined;
  }
  if (COMMIT.test(revision)) return revision;
  const sentence =
    "must be a full commit hash (40 hex digits), because hosts fetch from a URL at different times: `git ls-remote` shows it";
  report.error(source, [...keys, "revision"], sentence);
  return undefined;
}

function localCommit({ from, revision }: RawRepository, keys: Keys, { report, source, home }: Context) {
  const folder = anywherePath(home, from);
  const inside = runGit(folder, ["rev-parse", "--git-dir"]);
  if (!inside.isDone) {
    const why = /ENOENT$|dubious/.test(inside.error) ? `: ${inside.error}` : "";
    report.error(source, [...keys, "from"], `is not a git repository on this machine${why}`);
    return undefined;
  }
  const { isDone, stdout } = runGit(folder, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${revision}^{commit}`,
  ]);
  const commit = stdout.trim();
  if (isDone && COMMIT.test(commit)) return commit;
  report.error(source, [...keys, "revision"], `is not a branch, a tag or a commit of ${from}`);
  return undefined;
}
