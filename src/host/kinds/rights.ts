import { existsSync } from "node:fs";
import { visible } from "../../base/terminal-text.ts";
import {
  type Detail,
  type Observation,
  type Refusal,
  type RightsItem,
  rightsText,
} from "../../model/items.ts";
import { readSudoRules, type SudoUser, sudoRulesOf } from "../../model/sudo-rules.ts";
import type { Account, Accounts } from "../accounts/read-accounts.ts";
import type { RequestContext } from "../request-context.ts";
import { keyFilePatterns, loginKeysOf } from "../rights/login-keys.ts";
import { findPrivilegedFiles, type PrivilegedFile } from "../rights/privileged-files.ts";
import { namesAt, textAt } from "../system/read-or-nothing.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** A user's rights. Muster reports undeclared rights, but never adds or removes a right. */
export const rights: Kind<RightsItem> = { observe, converge: () => {}, remove: () => [] };

/**
 * A right that a user has: the text that fleet.yaml declares, and a phrase that says which right this is and where it
 * was found.
 */
interface Right {
  readonly list: "sudo" | "keys" | "linger" | "files";
  readonly text: string;
  readonly phrase: string;
}

function observe(context: RequestContext, targets: readonly ItemState<RightsItem>[]): Observation[] {
  const { host, accounts } = context;
  const rightsOf = orUnknown(() => rightsReader(context, targets));
  if (typeof rightsOf !== "function") return targets.map(() => rightsOf);
  return targets.map(({ item }) => {
    const account = accounts.users.get(item.user);
    // A missing user is reported by its own item.
    if (account === undefined) return { props: item.want };
    return orUnknown(() => compare(item, rightsOf(account), existsSync(`${host.paths.linger}/${item.user}`)));
  });
}

/** Reads the host's files once. @returns a function that finds the rights of one user, except linger */
function rightsReader(
  { host, accounts }: RequestContext,
  targets: readonly ItemState<RightsItem>[],
): (account: Account) => Right[] {
  const rules = readSudoRules({ text: textAt, names: namesAt }, host.paths.etc);
  const patterns = keyFilePatterns(host);
  const homes = targets.map(({ item }) => item.home).filter((home) => existsSync(home));
  const files = findPrivilegedFiles(host, [...new Set(homes)]);
  return (account) => [
    ...sudoRulesOf(rules, withGroups(accounts, account)).map(({ line, where }): Right => {
      return { list: "sudo", text: line, phrase: `the line "${line}" of ${where}` };
    }),
    ...loginKeysOf(account, patterns).map(({ fingerprint, where }): Right => {
      return { list: "keys", text: fingerprint, phrase: `the login key ${fingerprint} in ${where}` };
    }),
    ...files.filter((file) => isOf(file, account)).map((file) => fileRight(file, account)),
  ];
}

function withGroups(accounts: Accounts, account: Account): SudoUser {
  const groups = [accounts.groupName(account.gid), ...accounts.supplementary(account)];
  return { ...account, groups: groups.map((name) => ({ name, gid: accounts.groups.get(name) })) };
}

function isOf({ path, owner }: PrivilegedFile, { name, home }: Account): boolean {
  return owner === name || path.startsWith(`${home}/`);
}

function fileRight({ path, what }: PrivilegedFile, { home }: Account): Right {
  const place = path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  const text = visible(`${place} ${what}`);
  return { list: "files", text, phrase: `the file ${text}` };
}

function compare(item: RightsItem, found: readonly Right[], linger: boolean): Observation {
  const textsOf = (list: Right["list"]) => found.filter((one) => one.list === list).map(({ text }) => text);
  const props = {
    sudo: rightsText(textsOf("sudo")),
    keys: rightsText(textsOf("keys")),
    linger,
    files: rightsText(textsOf("files")),
  };
  const all: Right[] = linger
    ? [
        ...found,
        { list: "linger", text: "true", phrase: "linger, so that its own systemd units run without a login" },
      ]
    : [...found];
  const added = all.filter((one) => !declaredIn(item, one.list).includes(one.text));
  const gone = (["sudo", "keys", "linger", "files"] as const).flatMap((list) =>
    declaredIn(item, list)
      .filter((text) => !all.some((one) => one.list === list && one.text === text))
      .map((text) => ({ list, text })),
  );
  if (added.length + gone.length === 0) return { props };
  const detail: Detail[] = [
    ...added.map(({ list, text }) => ({ property: list, declared: "none", observed: text })),
    ...gone.map(({ list, text }) => ({ property: list, declared: text, observed: "none" })),
  ];
  const shown = unique(detail.filter(({ property }) => property !== "linger"));
  return { props, detail: shown, refusal: refusalOf(item, added, gone), isLeft: true };
}

function unique(details: readonly Detail[]): Detail[] {
  return [...new Map(details.map((one) => [JSON.stringify(one), one])).values()];
}

/** Returns the declared rights of one list. */
function declaredIn({ want }: RightsItem, list: Right["list"]): string[] {
  if (list === "linger") return want.linger ? ["true"] : [];
  return want[list] === "none" ? [] : want[list].split("\n");
}

function refusalOf(
  { user }: RightsItem,
  added: readonly Right[],
  gone: readonly Pick<Right, "list" | "text">[],
): Refusal {
  const more = [...new Set(added.map(({ phrase }) => phrase))].join("; ");
  const less = gone.map(({ list, text }) => `${list} ${text}`).join("; ");
  const sentences = [
    ...(more === ""
      ? []
      : [`${user} has rights that are not declared, and \`up\` does not remove them: ${more}.`]),
    ...(less === ""
      ? []
      : [
          `\`rights\` of ${user} declares rights that do not exist on the host, and \`up\` adds no rights: ${less}.`,
        ]),
  ];
  const next =
    more === "" ? "Remove it from `rights`." : "Remove them on the host, or declare them in `rights`.";
  return { why: sentences.join(" "), next };
}
