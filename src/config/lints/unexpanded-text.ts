import { posix } from "node:path";
import type { AgentSpec, Fleet, JobSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * Warns about texts such as `$HOME` that people expect to be expanded. The program gets these texts unchanged: no shell
 * reads commands and variables, and Muster does not fill in templates.
 */
export const unexpanded: Lint = (fleet) => [
  ...(["agents", "jobs"] as const).flatMap((section) =>
    Object.values<AgentSpec | JobSpec>(fleet[section]).flatMap(({ name, env, command }) => [
      ...Object.entries(env).flatMap(([key, value]) => remark([section, name, "env", key], value, IN_WORDS)),
      ...inCommand([section, name, "command"], command),
    ]),
  ),
  ...Object.values(fleet.agents).flatMap(({ name, workdir }) =>
    remark(["agents", name, "workdir"], workdir, IN_WORDS),
  ),
  ...inIdentities(fleet),
];

interface Form {
  readonly pattern: RegExp;
  readonly next: string;
}

const TEMPLATE: Form = { pattern: /\{\{\s*[\w.]+\s*\}\}/, next: "write the value itself" };

/** A placeholder such as `<YOUR_NAME>`. A tag of a prompt does not match, because `</YOUR_NAME>` closes it later. */
const BLANK: Form = { ...TEMPLATE, pattern: /<([A-Z][A-Z0-9_-]*)>(?![\s\S]*<\/\1>)/ };

const IN_WORDS: readonly Form[] = [
  { pattern: /\$(?:\w+|\{[^}]*\})/, next: "write the value itself, or start a shell: `[/bin/sh, -c, …]`" },
  { pattern: /(?:^|[:=])~(?:\/|$)/, next: "write the absolute path" },
  TEMPLATE,
  BLANK,
];

/**
 * Reports the texts in a command. If a shell runs a script with `-c`, only templates are reported, because the shell
 * expands all other texts.
 */
function inCommand(keys: Keys, command: readonly string[]): Remark[] {
  const hasShell = SHELLS.has(posix.basename(command[0] ?? "")) && command.includes("-c");
  return command.flatMap((word, i) => remark([...keys, i], word, hasShell ? [TEMPLATE] : IN_WORDS));
}

const SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "dash", "zsh", "ksh", "fish"]);

function inIdentities({ identities }: Fleet): Remark[] {
  return Object.values(identities).flatMap(({ name, files }) =>
    Object.entries(files).flatMap(([path, { text }]) =>
      remark(["identities", name, ...(path === "SOUL.md" ? ["soul"] : ["files", path])], text, [
        PLACEHOLDER,
        BLANK,
      ]),
    ),
  );
}

/**
 * A template's placeholder in a text, such as `{{OWNER_NAME}}`. Other braces are not reported, because they are common
 * in texts about code.
 */
const PLACEHOLDER: Form = { ...TEMPLATE, pattern: /\{\{\s*[A-Z][A-Z0-9_]*\s*\}\}/ };

function remark(keys: Keys, text: string, forms: readonly Form[]): Remark[] {
  return forms.flatMap(({ pattern, next }): Remark[] => {
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined) return [];
    const sentence = `contains ${found.replace(/^[:=]/, "")}, which nothing expands: ${next}`;
    return [{ keys, sentence, level: "warning" }];
  });
}
