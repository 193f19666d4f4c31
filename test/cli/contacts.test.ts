import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { type ContactRecord, recordFlaws } from "../../src/cli/contacts/contact-record.ts";
import { findFormat } from "../../src/cli/contacts/formats.ts";
import { importContacts } from "../../src/cli/contacts/import-contacts.ts";
import { findContacts } from "../../src/cli/contacts/match-contact.ts";

const BITCOIN = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

const BOOK: readonly ContactRecord[] = [
  {
    name: "iris",
    columns: {
      display_name: "Iris; of the, East\\",
      type: "agent",
      btc_address: BITCOIN,
      email: "iris@example.org",
      website: "https://example.org/a,b;c",
      notes: 'first "line"\nsecond line that is long enough to be folded, with \u{1F338} and ü in it',
      links: '{"kay":"works with"}',
    },
  },
  { name: "kay", columns: { display_name: "Kay", type: "human", x_handle: "kay_x" } },
];

describe.each(["json", "csv", "vcard"])("the format %s", (name) => {
  const format = findFormat(name);

  test("preserves contacts that are written and then read", () => {
    expect(format.parse(format.render(BOOK))).toEqual(BOOK);
  });

  test("refuses a text that is in another format", () => {
    expect(() => format.parse("\u0000 no contacts")).toThrow(/this is not a/);
  });
});

test("a vCard has lines of at most 75 bytes", () => {
  const rows = findFormat("vcf").render(BOOK).split("\r\n");
  expect(Math.max(...rows.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
});

test("a vCard 3.0 of another program can be read", () => {
  const card =
    'BEGIN:VCARD\nVERSION:3.0\nN:Doe;Jane\nFN:Jane Doe\nitem1.EMAIL;TYPE="INTERNET";PREF=1:jane@\n example.org\nEND:VCARD\n';
  expect(findFormat("vcf").parse(card)).toEqual([
    { columns: { display_name: "Jane Doe", email: "jane@example.org" } },
  ]);
});

test("the error for an unknown format names the known formats", () => {
  expect(() => findFormat("xls")).toThrow(/json, csv, vcard/);
});

describe("a search", () => {
  const namesOf = (word: string) => findContacts(BOOK, word).map(({ name }) => name);

  test.each([
    ["IRIS", ["iris"]],
    [BITCOIN, ["iris"]],
    ["@kay_x", ["kay"]],
    ["example.org", ["iris"]],
    ["nobody", []],
  ])("for %s finds %j", (word, names) => {
    expect(namesOf(word)).toEqual(names);
  });
});

describe("an import", () => {
  const YAML =
    "# our people\n\n# the first\niris:\n  display_name: Iris # so\n  btc_address: BITCOIN\n".replace(
      "BITCOIN",
      BITCOIN,
    );
  const declared: readonly ContactRecord[] = [
    { name: "iris", columns: { display_name: "Iris", btc_address: BITCOIN } },
  ];
  const run = (records: readonly ContactRecord[], overwrite = false, text = YAML, known = declared) => {
    const document = parseDocument(text);
    return { ...importContacts(document, [], known, records, overwrite), text: String(document) };
  };

  test("fills the missing columns of a known contact, and keeps comments and columns with other values", () => {
    const { text, ...result } = run([
      { name: "other", columns: { display_name: "I.", btc_address: BITCOIN, email: "iris@example.org" } },
    ]);
    expect(result).toEqual({ added: [], changed: ["iris.email"], kept: ["iris.display_name"] });
    expect(text).toBe(
      `# our people\n\n# the first\niris:\n  display_name: Iris # so\n  btc_address: ${BITCOIN}\n  email: iris@example.org\n`,
    );
  });

  test("replaces columns with other values if `--overwrite` is given", () => {
    expect(run([{ columns: { btc_address: BITCOIN, display_name: "I." } }], true).text).toContain(
      "display_name: I.",
    );
  });

  test("adds a contact only once, under a name that no other contact has", () => {
    const jane = { columns: { display_name: "Irís", email: "other@example.org", agent_id: "7" } };
    const { added, text } = run([jane, { columns: { agent_id: "7", x_handle: "jane" } }]);
    expect(added).toEqual(["iri-s"]);
    expect(text).toMatch(/x_handle: jane/);
    expect(run([{ columns: { display_name: "iris", type: "human" } }]).added).toEqual(["iris-2"]);
  });

  test("accepts an empty contacts file", () => {
    expect(run(BOOK, false, "", []).text).toContain("kay:");
  });

  test("adds 10,000 contacts", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ columns: { display_name: `Contact ${i}` } }));
    expect(run(many, false, "", []).added).toHaveLength(10_000);
  });
});

test("an invalid value is reported with its column", () => {
  expect(recordFlaws({ columns: { type: "robot", email: "x", notes: "fine" } })).toEqual([
    "type must be agent or human",
    'email: "x" is not an e-mail address',
  ]);
});
