import { readAgentFile, replaceAgentFile } from "./agent-files.ts";

/**
 * Returns the commit that is checked out according to the folder `.git`; undefined if it cannot be read. Reads the
 * files of git itself, because git would also read the configuration of the checkout.
 */
export function readHead(folder: string): string | undefined {
  const head = textOf(`${folder}/.git/HEAD`);
  const ref = refIn(head);
  return ref === undefined ? commitIn(head) : readRef(folder, ref);
}

/** Sets the commit that is checked out. The checked-out branch is kept. */
export function writeHead(folder: string, revision: string): void {
  const ref = refIn(textOf(`${folder}/.git/HEAD`)) ?? "refs/heads/main";
  replaceAgentFile(`${folder}/.git/${ref}`, `${revision}\n`);
  replaceAgentFile(`${folder}/.git/HEAD`, `ref: ${ref}\n`);
}

/** Creates a branch. @returns its name */
export function writeBranch(folder: string, branch: string, commit: string): string {
  replaceAgentFile(`${folder}/.git/refs/heads/${branch}`, `${commit}\n`);
  return branch;
}

function readRef(folder: string, ref: string): string | undefined {
  const loose = commitIn(textOf(`${folder}/.git/${ref}`));
  if (loose !== undefined) return loose;
  const line = textOf(`${folder}/.git/packed-refs`)
    .split("\n")
    .find((one) => one.endsWith(` ${ref}`));
  return commitIn(line?.split(" ")[0] ?? "");
}

function refIn(text: string): string | undefined {
  const ref = /^ref: (refs\/heads\/[\w./-]{1,200})\n?$/.exec(text)?.[1];
  return ref?.split("/").some((part) => part === "" || part.startsWith(".")) ? undefined : ref;
}

function commitIn(text: string): string | undefined {
  return /^[0-9a-f]{40}$/.exec(text.trim())?.[0];
}

function textOf(path: string): string {
  return readAgentFile(path)?.toString("utf8") ?? "";
}
