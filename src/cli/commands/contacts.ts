import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { parseDocument } from "yaml";
import { count } from "../../base/count.ts";
import { InvalidError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files.ts";
import { visible } from "../../base/terminal-text.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import type { Fleet } from "../../config/fleet.ts";
import type { CommandDefinition, CommandInput, Io } from "../command.ts";
import { confirm } from "../confirm.ts";
import { withController } from "../connections.ts";
import { type ContactRecord, recordFlaws } from "../contacts/contact-record.ts";
import { findFormat } from "../contacts/formats.ts";
import { type ImportedContacts, importContacts } from "../contacts/import-contacts.ts";
import { findContacts } from "../contacts/match-contact.ts";
import { duplicatesText, findAllDuplicates, mergeAll } from "../contacts/merge-contacts.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { openFleet } from "../open-fleet.ts";
import { assertDeclared } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

export const command: CommandDefinition = {
  usage: "contacts <action> [word]",
  summary:
    "`contacts who NAME` finds a contact by name, address or handle; `contacts export` prints the address book; `contacts import FILE` adds contacts to it; `contacts merge [AGENT]` finds and merges duplicates in the address books of agents",
  options: {
    "--format <name>": "json (default), csv or vcard; `import` uses the ending of the file",
    "--overwrite": "with `import`: replace values that differ (default: keep them)",
    "--dry-run": "with `import` and `merge`: print what would change, and change nothing",
    "--yes": "with `merge`: do not ask for confirmation",
    "--stack <name>": "with `merge`: use the login of this stack",
    "--json": "with `who`: print JSON",
  },
  async run({ args: [action, word], options, io }) {
    const fleet = openFleet();
    if (action === "export" && word === undefined) return exportContacts(fleet, options, io);
    if (action === "who" && word !== undefined) return printWho(fleet, word, options, io);
    if (action === "import" && word !== undefined) return importFile(fleet, word, options, io);
    if (action === "merge") return merge(fleet, word, options, io);
    const why = "the actions are `fleet contacts who NAME`, `export`, `import FILE` and `merge [AGENT]`.";
    throw new InvalidError({ what: "this action is unknown", why });
  },
};

type Options = CommandInput["options"];

function recordsOf({ contacts }: Fleet): ContactRecord[] {
  return Object.values(contacts).map(({ name, columns }) => ({ name, columns }));
}

function exportContacts(fleet: Fleet, { format }: Options, io: Io): number[] {
  io.out(findFormat(typeof format === "string" ? format : "json").render(recordsOf(fleet)));
  return [];
}

function printWho(fleet: Fleet, word: string, options: Options, io: Io): number[] {
  const found = findContacts(recordsOf(fleet), word);
  if (options["json"] === true) {
    io.out(findFormat("json").render(found));
    return found.length > 0 ? [] : [EXIT.failure];
  }
  if (found.length === 0) {
    io.err(`No contact has ${JSON.stringify(word)} in its name, address or handle.\n`);
    return [EXIT.failure];
  }
  io.out(found.map((contact) => textOf(contact, holdersOf(fleet, contact.name))).join("\n"));
  return [];
}

/** Returns the names of the agents whose contact books contain the contact. */
function holdersOf({ agents }: Fleet, name = ""): string[] {
  return Object.values(agents).flatMap((agent) => (agent.contacts.includes(name) ? [agent.name] : []));
}

function textOf({ name = "", columns }: ContactRecord, holders: readonly string[]): string {
  const known = holders.length === 0 ? "no agent" : holders.join(", ");
  const lines = [...Object.entries(columns), ["known to", known] as const];
  const width = Math.max(...lines.map(([key]) => key.length));
  return [
    visible(name),
    ...lines.map(([key, value]) => {
      const text = value
        .split("\n")
        .map(visible)
        .join(`\n  ${" ".repeat(width)}  `);
      return `  ${key.padEnd(width)}  ${text}`;
    }),
    "",
  ].join("\n");
}

/** Lists the duplicate contacts of one agent or of all agents, and merges these contacts after a confirmation. */
function merge(fleet: Fleet, word: string | undefined, options: Options, io: Io): Promise<ExitCode[]> {
  if (word !== undefined) assertDeclared("agent", word, fleet.agents);
  const stack = settingsOf(fleet, options["stack"]);
  const { slice } = stack;
  const agents = Object.values(fleet.agents)
    .filter(({ name }) => word === undefined || name === word)
    .filter(({ tenant }) => slice.kind !== "tenant" || tenant === slice.tenant);
  return withController(fleet, stack, async (open) => {
    const { found, codes } = await findAllDuplicates(open, agents, io);
    if (found.length === 0 && codes.length === 0) io.out("There are no duplicates.\n");
    for (const one of found) io.out(duplicatesText(one));
    if (found.length === 0 || options["dryRun"] === true) return codes;
    if (options["yes"] !== true && !(await confirm("Merge these rows?"))) return [...codes, EXIT.cancelled];
    return [...codes, ...(await mergeAll(open, found, io))];
  });
}

function importFile(fleet: Fleet, file: string, options: Options, io: Io): number[] {
  const { format, overwrite, dryRun } = options;
  const records = findFormat(typeof format === "string" ? format : extname(file).slice(1)).parse(
    readText(file),
  );
  refuseFlaws(file, records);
  const place = placeOf(fleet);
  const document = parseDocument(readFileSync(place.file, "utf8"));
  const result = importContacts(document, place.path, recordsOf(fleet), records, overwrite === true);
  if (dryRun !== true && result.added.length + result.changed.length > 0)
    writeChecked(fleet, place.file, document.toString({ lineWidth: 0 }));
  io.err(summaryOf(result, place.shown, dryRun === true));
  return [];
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new InvalidError({ what: `${file} cannot be read`, why: `${(error as Error).message}.` });
  }
}

/** The maximum number of invalid contacts that an error lists. */
const MOST_LISTED = 20;

function refuseFlaws(file: string, records: readonly ContactRecord[]): void {
  const flaws = records.flatMap((record, i) =>
    recordFlaws(record).map(
      (flaw) => `contact ${i + 1} (${record.name ?? record.columns["display_name"] ?? "no name"}): ${flaw}`,
    ),
  );
  if (flaws.length === 0) return;
  const rest = flaws.length > MOST_LISTED ? [`and ${flaws.length - MOST_LISTED} more`] : [];
  throw new InvalidError({
    what: `${file} was not imported`,
    why: `${[...flaws.slice(0, MOST_LISTED), ...rest].map(visible).join("; ")}.`,
    next: "Correct or remove these contacts; nothing was written.",
  });
}

interface Place {
  readonly file: string;
  /** The file name that messages show. */
  readonly shown: string;
  /** The keys of the contacts in the file. */
  readonly path: readonly string[];
}

/** Returns the place where the contacts are declared: a separate file, or fleet.yaml. */
function placeOf({ dir }: Fleet): Place {
  const file = join(dir, "fleet.yaml");
  const from = parseDocument(readFileSync(file, "utf8")).getIn(["contacts", "from"]);
  if (typeof from === "string") return { file: join(dir, from), shown: from, path: [] };
  if (from !== undefined) {
    const why = "the contacts are in several files, and an import can change only one file.";
    throw new InvalidError({ what: "nothing was imported", why, next: "Put all contacts into one file." });
  }
  return { file, shown: "fleet.yaml", path: ["contacts"] };
}

/** Writes the file. If the fleet is then invalid, restores the previous text of the file. */
function writeChecked({ dir }: Fleet, file: string, text: string): void {
  const before = readFileSync(file, "utf8");
  writeFileAtomic(file, text);
  const { problems } = checkFleet(join(dir, "fleet.yaml"));
  if (problems.length === 0) return;
  writeFileAtomic(file, before);
  const [first] = problems;
  throw new InvalidError({
    what: "the contacts were not imported",
    why: `the fleet would not be valid: ${first?.path ?? ""} ${first?.sentence ?? ""}.`,
    next: "Correct the file; nothing was written.",
  });
}

function summaryOf({ added, changed, kept }: ImportedContacts, file: string, isDry: boolean): string {
  const lines = [
    `${isDry ? "would add" : "added"} ${count(added.length, "contact")} to ${file}, and ${isDry ? "would change" : "changed"} ${count(changed.length, "value")}`,
    ...(kept.length === 0
      ? []
      : [
          `kept ${count(kept.length, "value")} that differ: ${kept.slice(0, MOST_LISTED).join(", ")}; \`--overwrite\` replaces them`,
        ]),
    ...(added.length === 0 || isDry
      ? []
      : ["To give a new contact to agents, list it in their `contacts`; then run `npx pulumi up`."]),
  ];
  return `${lines.map(visible).join("\n")}\n`;
}
