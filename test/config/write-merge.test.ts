import { expect, test } from "vitest";
import { broken, check, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();

/** Checks the small fleet with files of iris's identity, and with another program of iris. */
function irisWith(files: string, program = "command: [/bin/true]") {
  const text = broken("iris: {soul: SOUL.md}", `iris: {soul: SOUL.md, files: {${files}}}`)
    .replace("command: [/bin/true]}\n  loom", () => `${program}}\n  loom`)
    .replace("tenants:", "providers: {nous: {}, gemini: {}}\ntenants:");
  return check(folder, text);
}

const problemsOf = (files: string, program?: string) =>
  lines(irisWith(files, program).problems).map((line) => line.replace(/^fleet\.yaml:/, ""));

test("a merged file is read from its source, and by default only the agent can read the merged file", () => {
  write(folder.path, { "s.json": '{"model": "small"} // ours\n' });
  const { fleet, problems } = irisWith(".claude/settings.json: {from: s.json, write: merge}");
  expect(lines(problems)).toEqual([]);
  expect(fleet?.identities["iris"]?.files[".claude/settings.json"]).toEqual({
    text: '{"model": "small"} // ours\n',
    mode: "0600",
    write: "merge",
  });
});

test.each([
  ["a.json: {text: '{', write: merge}", 'a.json"].text: is not valid JSON: CloseBraceExpected (line 1)'],
  [
    'a.toml: {text: "a = 1\\na = 2", write: merge}',
    'a.toml"].text: is not valid TOML: Defining a key multiple times is invalid (line 2)',
  ],
  [
    'a.yaml: {text: "a: 1\\na: 2", write: merge}',
    'a.yaml"].text: is not valid YAML: a key occurs twice (line 2)',
  ],
  ['a.yaml: {text: "- a", write: merge}', 'a.yaml"].text: has no keys: its top level must be a map'],
  [
    'a.yaml: {text: "a: no", write: merge}',
    'a.yaml"].text: has plain values that mean different things in YAML 1.1 and 1.2, such as `no` or `0755`: quote texts, and write `true` or `false`',
  ],
  [
    'a.ini: {text: "a=1", write: merge}',
    'a.ini"].write: cannot be `merge` for a.ini: the name of a merged file ends with .json, .jsonc, .toml, .yaml or .yml',
  ],
])("a file is refused if its keys cannot be merged: %s", (files, expected) => {
  expect(problemsOf(files)).toEqual([expect.stringContaining(`identities.iris.files["${expected}`)]);
});

test("a source file that cannot be parsed is reported at the line of fleet.yaml that names the source file", () => {
  write(folder.path, { "bad.toml": "a = [1\n" });
  expect(problemsOf(".codex/config.toml: {from: bad.toml, write: merge}")).toEqual([
    expect.stringMatching(
      /^13:\d+ identities\.iris\.files\["\.codex\/config\.toml"\]\.from: is not valid TOML/,
    ),
  ]);
});

test("SOUL.md cannot be merged", () => {
  const text = broken("iris: {soul: SOUL.md}", "iris: {soul: {from: SOUL.md, write: merge}}");
  expect(lines(check(folder, text).problems)).toEqual([
    expect.stringContaining("identities.iris.soul.write: cannot be `merge` for SOUL.md"),
  ]);
});

const HERMES = "runtime: {kind: hermes, provider: nous, model: large}";
const FALLBACKS =
  "runtime: hermes, providers: [{provider: nous, model: large}, {provider: gemini, model: b}]";
const config = (text: string, write: string) =>
  `.hermes/config.yaml: {text: ${JSON.stringify(text)}, write: ${write}}`;

test.each(["whole", "once"])(
  "a settings file that Muster also writes for a runtime is refused with `write: %s`, and the error names both places",
  (write) => {
    expect(problemsOf(config("display: {skin: plain}", write), HERMES)).toEqual([
      expect.stringMatching(
        /^\d+:\d+ identities\.iris\.files\["\.hermes\/config\.yaml"\]: is also the file to which Muster writes the provider and the model of agents\.iris: add `write: merge`, or remove one of the two$/,
      ),
    ]);
    expect(problemsOf(config("display: {skin: plain}", write), "runtime: hermes")).toEqual([]);
  },
);

test("a merged settings file that Muster also writes for a runtime is accepted unless it gives a key another value", () => {
  expect(
    problemsOf(config("display: {skin: plain}\nmodel: {default: large, base_url: x}", "merge"), HERMES),
  ).toEqual([]);
  expect(problemsOf(config("fallback_providers: [{provider: x, model: z}]", "merge"), HERMES)).toEqual([]);
  expect(problemsOf(config("model: {default: other}", "merge"), HERMES)).toEqual([
    expect.stringContaining(
      'identities.iris.files[".hermes/config.yaml"]: sets model.default, which the provider and the model of agents.iris set to another value: remove the key here',
    ),
  ]);
  expect(problemsOf(config("fallback_providers: []", "merge"), FALLBACKS)).toEqual([
    expect.stringContaining("sets fallback_providers, which"),
  ]);
});
