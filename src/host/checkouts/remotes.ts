import { shown } from "../../model/shorten-for-display.ts";
import { readAgentFile, replaceAgentFile } from "./agent-files.ts";
import type { Git } from "./git.ts";

/**
 * Returns the remotes in the configuration of the checkout as `NAME URL`, and the rules that replace their addresses;
 * `none` if the checkout has no remote. git gets the text of the configuration, and applies none of its settings.
 */
export function remotesOf(git: Git, text: Buffer | undefined): string {
  if (text === undefined) return "none";
  const pattern = "^(remote\\..*\\.(url|pushurl)|url\\..*\\.(insteadof|pushinsteadof))$";
  const args = ["config", "--file", "-", "--no-includes", "-z", "--get-regexp", pattern];
  const { status, stdout } = git.attempt(args, { input: text.toString("utf8") });
  if (status !== 0 && status !== 1) return "unreadable";
  const lines = stdout.split("\0").flatMap((entry) => {
    const at = entry.indexOf("\n");
    if (at < 0) return [];
    const name = entry.slice(0, at).replace(/^remote\.(.*)\.url$/s, "$1");
    return [`${name} ${withoutPassword(entry.slice(at + 1))}`];
  });
  return lines.length === 0 ? "none" : shown(lines.sort().join(", "), 300);
}

export function configText(folder: string): Buffer | undefined {
  return readAgentFile(`${folder}/.git/config`, 1024 * 1024);
}

/** Writes the configuration that `git init` would write, with the declared remote. Keeps the agent's name and e-mail. */
export function writeConfig(folder: string, git: Git, remote: string): void {
  const text = configText(folder)?.toString("utf8") ?? "";
  const kept = ["user.name", "user.email"].flatMap((key) => {
    const { stdout } = git.attempt(["config", "--file", "-", "--no-includes", "--get", key], { input: text });
    const value = stdout.trim();
    return value === "" ? [] : [`\t${key.slice("user.".length)} = ${JSON.stringify(value)}\n`];
  });
  const [name, url] = remote.split(" ");
  const section =
    url === undefined
      ? ""
      : `[remote "${name}"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/${name}/*\n`;
  const user = kept.length === 0 ? "" : `[user]\n${kept.join("")}`;
  const core = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";
  replaceAgentFile(`${folder}/.git/config`, `${core}${section}${user}`);
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//…@");
}
