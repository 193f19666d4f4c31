import { describe, expect, test } from "vitest";
import { Unmergeable } from "../../src/settings/format.ts";
import { compareKeys, mergeKeys, parseKeys } from "../../src/settings/merge.ts";
import { formatOf } from "../../src/settings/registry.ts";

function formatAt(path: string) {
  const format = formatOf(path);
  if (format === undefined) throw new Error(`${path} has no known format`);
  return format;
}

/** Merges a declared text into a file's text. */
function merged(path: string, declared: string, text: string, ...former: readonly string[]): string {
  const format = formatAt(path);
  const [keys, ...before] = [declared, ...former].map((one) => parseKeys(format, one));
  return mergeKeys(format, text, keys ?? new Map(), before).text;
}

/** Returns the paths of the keys that differ. */
function differences(path: string, declared: string, text: string, ...former: readonly string[]): string[] {
  const format = formatAt(path);
  const [keys, found, ...before] = [declared, text, ...former].map((one) => parseKeys(format, one));
  return compareKeys(keys ?? new Map(), found ?? new Map(), before).map((one) => one.path.join("."));
}

/** Returns the reason why a text cannot be merged. */
function flawOf(path: string, text: string, declared = ""): string {
  try {
    merged(path, declared, text);
    return "none";
  } catch (error) {
    if (error instanceof Unmergeable) return error.message;
    throw error;
  }
}

const YAML = `# the settings of hermes
model:   # which model
    default: "small"   # the small one
    provider: nous

display: {compact: true,   skin: plain}  # looks
toolsets:
- terminal
-   web
prompt: |
  Be brief.

  Be kind.
`;

const TOML = `# codex
model = 'small' # the small one
approvals = [
  "a", # one
  "b",
]

[tui]   # looks
notifications   = true
theme.dark = 1

# hooks
[[hooks.Stop]]
command = "beat"
[[hooks.Stop.more]]
x = 1

[model_providers."my one"]
base_url = "http://127.0.0.1"
options = { a = 1, b.c = "x" }
`;

const JSON_TEXT = `{
    // the model
    "model": "small", /* the small one */
    "permissions": { "allow": ["Bash(ls:*)"],   "deny": [] },
    "env": {
        "A": "1" // one
    },
}
`;

describe("a file that already has all declared keys", () => {
  test.each([
    ["c.yaml", "model: {default: small}\ntoolsets: [terminal, web]\ndisplay: {}\n", YAML],
    ["c.toml", 'model = "small"\ntui.theme = { dark = 1 }\napprovals = ["a", "b"]\n', TOML],
    ["c.json", '{"permissions": {"deny": []}, "env": {"A": "1"}}', JSON_TEXT],
    ["c.yaml", "", "# only a comment\n"],
  ])("is not changed: %s", (path, declared, text) => {
    expect(differences(path, declared, text)).toEqual([]);
    expect(merged(path, declared, text)).toBe(text);
  });
});

describe("a changed key", () => {
  test.each([
    ["c.yaml", "model: {default: big}", YAML, '"small"   #', '"big"   #'],
    ["c.yaml", "model: {provider: xai}", YAML, "provider: nous", 'provider: "xai"'],
    ["c.yaml", "display: {skin: bright}", YAML, "skin: plain}", 'skin: "bright"}'],
    ["c.yaml", "display: {tips: false}", YAML, "skin: plain}", "skin: plain, tips: false}"],
    ["c.yaml", "prompt: no more", YAML, /\|\n {2}Be brief.\n\n {2}Be kind./, '"no more"'],
    ["c.yaml", "toolsets: [web, {a: 1}]", YAML, "- terminal\n-   web", '- "web"\n- {a: 1}'],
    ["c.yaml", "toolsets: none", YAML, "toolsets:\n- terminal\n-   web", 'toolsets: "none"'],
    ["c.yaml", "model: {base_url: http://x}", YAML, "nous\n", 'nous\n    base_url: "http://x"\n'],
    ["c.yaml", "new: {a: [1, 2], b: {}}", YAML, /$/, "new:\n  a:\n    - 1\n    - 2\n  b: {}\n"],
    ["c.toml", 'model = "big"', TOML, "'small' #", '"big" #'],
    ["c.toml", 'approvals = ["c"]', TOML, /\[\n {2}"a", # one\n {2}"b",\n\]/, '["c"]'],
    ["c.toml", "tui.notifications = false", TOML, "= true", "= false"],
    ["c.toml", "tui.theme.dark = 2", TOML, "dark = 1", "dark = 2"],
    ["c.toml", "tui.theme.light = 1.0", TOML, "dark = 1\n", "dark = 1\ntheme.light = 1.0\n"],
    ["c.toml", "[model_providers.'my one'.options]\nz = 1", TOML, '"x" }', '"x", z = 1 }'],
    ["c.toml", "[model_providers.'my one'.options.b]\nc = 'y'", TOML, '"x" }', '"y" }'],
    ["c.toml", "top = 1979-05-27", TOML, '"b",\n]\n', '"b",\n]\ntop = 1979-05-27\n'],
    ["c.toml", "[features]\nshell_snapshot = false", TOML, /$/, "\n[features]\nshell_snapshot = false\n"],
    ["c.json", '{"model": "big"}', JSON_TEXT, '"small"', '"big"'],
    ["c.json", '{"env": {"A": "2"}}', JSON_TEXT, '"1" // one', '"2" // one'],
    ["c.json", '{"permissions": {"deny": ["x"]}}', JSON_TEXT, '"deny": []', '"deny": ["x"]'],
    [
      "c.json",
      '{"env": {"B": ["2"]}}',
      JSON_TEXT,
      '"1" // one',
      '"1", // one\n        "B": [\n            "2"\n        ]',
    ],
    ["c.json", '{"top": true}', JSON_TEXT, /,\n}/, ',\n    "top": true,\n}'],
    ["c.json", '{"permissions": {"mode": "plan"}}', JSON_TEXT, '"deny": []', '"deny": [], "mode": "plan"'],
  ])("changes only its own line in %s: %s", (path, declared, text, from, to) => {
    expect(differences(path, declared, text)).not.toEqual([]);
    const result = merged(path, declared, text);
    expect(result).toBe(text.replace(from, () => to));
    expect(differences(path, declared, result)).toEqual([]);
  });
});

describe("the merge of declared keys", () => {
  test.each([
    ["c.yaml", "model: {default: a, base: b}\ndisplay: {skin: plain}", ["model.default", "model.base"]],
    ["c.toml", "model = 'a'\n[tui.theme]\nlight = 1\ndark = 1", ["model", "tui.theme.light"]],
    ["c.json", '{"model": "a", "env": {"B": "2", "A": "1"}}', ["model", "env.B"]],
  ])("names each drifted key and each missing key of %s", (path, declared, expected) => {
    const text = { "c.yaml": YAML, "c.toml": TOML, "c.json": JSON_TEXT }[path] ?? "";
    expect(differences(path, declared, text)).toEqual(expected);
  });

  test("treats a list of tables as one value, and replaces it completely", () => {
    const declared = '[[hooks.Stop]]\ncommand = "other"\n';
    expect(differences("c.toml", declared, TOML)).toEqual(["hooks.Stop"]);
    const result = merged("c.toml", declared, TOML);
    expect(result).toContain('\n[hooks]\nStop = [{ command = "other" }]\n');
    expect(result).not.toContain("beat");
    expect(differences("c.toml", declared, result)).toEqual([]);
  });

  test("replaces a list of tables and all of its tables by a declared number", () => {
    const text = "a = 1\n[[h]]\nb = 1\n[h.c]\nd = 1\n[[h]]\n[i]\nj = 1\n";
    expect(merged("c.toml", "h = 1", text)).toBe("a = 1\nh = 1\n[i]\nj = 1\n");
  });

  test("distinguishes an integer from a float, and a text from a number", () => {
    expect(differences("c.toml", "a = 1.0", "a = 1")).toEqual(["a"]);
    expect(differences("c.yaml", "a: '1'", "a: 1")).toEqual(["a"]);
    expect(differences("c.toml", "a = 1.0", merged("c.toml", "a = 1.0", "a = 1"))).toEqual([]);
  });
});

describe("a key that is no longer declared", () => {
  test.each([
    ["c.yaml", "model: {provider: nous}", YAML, "    provider: nous\n"],
    ["c.yaml", "display: {compact: true}", YAML, "compact: true,   "],
    ["c.yaml", "display: {skin: plain}", YAML, ",   skin: plain"],
    ["c.yaml", "model: {default: small, provider: nous}", YAML, /model:[\s\S]*nous\n/],
    ["c.toml", "model = 'small'", TOML, "model = 'small' # the small one\n"],
    ["c.toml", "tui.notifications = true", TOML, "notifications   = true\n"],
    ["c.toml", "[model_providers.'my one'.options]\na = 1", TOML, "a = 1, "],
    ["c.toml", "[model_providers.'my one'.options.b]\nc = 'x'", TOML, ', b.c = "x"'],
    [
      "c.json",
      '{"env": {"A": "1"}}',
      '{\n  "a": 1,\n  "env": {\n    "A": "1"\n  }\n}\n',
      /,\n {2}"env"[^}]*}/,
    ],
    ["c.json", '{"permissions": {"deny": []}}', JSON_TEXT, ',   "deny": []'],
    ["c.json", '{"model": "small"}', JSON_TEXT, '    "model": "small", /* the small one */\n'],
    ["c.json", '{"a": 1}', '{"a": 1, "b": 2}', '"a": 1, '],
    ["c.json", '{"b": 2}', '{\n  "a": 1, // one\n  "b": 2 // two\n}\n', /,| {2}"b".*\n/g],
  ])("is removed from %s if it has the declared value: %s", (path, former, text, gone) => {
    expect(merged(path, "", text, former)).toBe(text.replace(gone, ""));
    expect(differences(path, "", merged(path, "", text, former), former)).toEqual([]);
  });

  test.each([
    ["c.yaml", "model: {provider: other}\ntoolsets: [web]", YAML],
    ["c.toml", "model = 'other'\n[tui]\ntheme = {}", TOML],
    ["c.json", '{"env": {"A": "2"}, "gone": 1}', JSON_TEXT],
  ])("is kept in %s if somebody has changed it", (path, former, text) => {
    expect(differences(path, "", text, former)).toEqual([]);
    expect(merged(path, "", text, former)).toBe(text);
  });
});

describe("a value at the path of a declared key", () => {
  test.each([
    ["c.yaml", "model: {default: a}", "model: big\nx: 1\n", 'model: {default: "a"}\nx: 1\n'],
    ["c.yaml", "model: a", "model:\n  default: b # c\nx: 1\n", 'model: "a" # c\nx: 1\n'],
    ["c.toml", "[model]\ndefault = 'a'", "model = 'big'\nx = 1\n", 'model = { default = "a" }\nx = 1\n'],
    ["c.toml", "model = 'a'", "[model]\ndefault = 'b'\n[x]\ny = 1\n", 'model = "a"\n[x]\ny = 1\n'],
    ["c.json", '{"model": {"default": "a"}}', '{"model": [1], "x": 1}', '{"model": {"default":"a"}, "x": 1}'],
  ])(
    "is replaced in %s by the value in %s, and the replacement is reported",
    (path, declared, text, expected) => {
      const format = formatAt(path);
      const result = mergeKeys(format, text, parseKeys(format, declared), []);
      expect(result.text).toMatch(expected);
      expect(result.replaces).toBe(true);
    },
  );

  test("is replaced without a report if it is an empty key or an empty map", () => {
    const yaml = formatAt("c.yaml");
    const keys = parseKeys(yaml, "a: {b: 1}\nc: 2");
    expect(mergeKeys(yaml, "a:\nc: {}\n", keys, [])).toEqual({
      text: "a: {b: 1}\nc: 2\n",
      replaces: false,
    });
  });
});

describe("an empty file", () => {
  test.each([
    ["c.yaml", "a: 1\nb: {c: x}", "", 'a: 1\nb:\n  c: "x"\n'],
    ["c.yaml", "a: 1", "# mine\n", "# mine\na: 1\n"],
    ["c.yaml", "a: 1", "---\n# mine", "---\n# mine\na: 1\n"],
    ["c.toml", "a = 1\n[b]\nc = 'x'", "", 'a = 1\n\n[b]\nc = "x"\n'],
    ["c.json", '{"a": 1}', "  ", '{\n  "a": 1\n}\n'],
    ["c.json", '{"a": 1}', "{}", '{\n  "a": 1\n}'],
  ])("gets the declared keys: %s", (path, declared, text, expected) =>
    expect(merged(path, declared, text)).toBe(expected),
  );
});

describe("the merge of a hostile or unusual text", () => {
  test("keeps a byte order mark and Windows line endings", () => {
    expect(merged("c.yaml", "a: 2\nb: 1", "\ufeffa: 1\r\n# x\r\n")).toBe("\ufeffa: 2\r\nb: 1\r\n# x\r\n");
    expect(merged("c.toml", "a = 2\nb = 1", "\ufeffa = 1\r\n[x]\r\n")).toBe(
      "\ufeffa = 2\r\nb = 1\r\n[x]\r\n",
    );
    expect(merged("c.json", '{"b": 1}', '\ufeff{\r\n\t"a": 1\r\n}')).toBe(
      '\ufeff{\r\n\t"a": 1,\r\n\t"b": 1\r\n}',
    );
  });

  test.each([
    ["c.yaml", "a: 1\nb: {c: 1, c: 2}", /^is not valid YAML: a key occurs twice \(line 2\)/],
    ["c.yaml", "? [a]\n: 1", /^is not valid YAML: a key is not a plain value/],
    ["c.yaml", "a: [", /^is not valid YAML/],
    ["c.yaml", "---\na: 1\n---\nb: 1\n", /^is not valid YAML: .*multiple documents/],
    ["c.yaml", "- a", /^has no keys/],
    ["c.yaml", "text", /^has no keys/],
    ["c.toml", "a = 1\na = 2", /^is not valid TOML: .*\(line 2\)/],
    ["c.toml", "a =", /^is not valid TOML/],
    ["c.toml", "[a]\n[a]", /^is not valid TOML/],
    ["c.json", '{"a": 1, "a": 2}', /^is not valid JSON: a key occurs twice/],
    ["c.json", '{"a": ', /^is not valid JSON/],
    ["c.json", "[1]", /^has no keys/],
    ["c.json", "{'a': 1}", /^is not valid JSON/],
  ])("is refused for %s: %s", (path, text, expected) => expect(flawOf(path, text)).toMatch(expected));

  test("is refused if the text is nested too deeply or is too large", () => {
    const deep = (open: string, close: string) => open.repeat(20_000) + close.repeat(20_000);
    expect(flawOf("c.yaml", `a: ${deep("[", "]")}`)).toMatch(/too deeply|not valid/);
    expect(flawOf("c.toml", `a = ${deep("[", "]")}`)).toMatch(/too deeply|not valid/);
    expect(flawOf("c.json", `{"a": ${deep("[", "]")}}`)).toMatch(/too deeply|not valid/);
    expect(flawOf("c.json", `{"a": ${deep('{"a":', "}").replace(":}", ":1}")}}`)).toMatch(
      /too deeply|not valid/,
    );
    expect(flawOf("c.yaml", `# ${"x".repeat(600_000)}`)).toBe(
      "has 586 KiB, and Muster merges at most 128 KiB of YAML",
    );
  });

  test("is refused if the text has exponentially many aliases", () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`)}]\n`;
    const names = [..."bcdefghij"];
    const bomb = names.map((name, i) => level(name, names[i - 1] ?? "a")).join("");
    expect(flawOf("c.yaml", `a: &a [x]\n${bomb}`)).toMatch(/^is not valid YAML: .*[Aa]lias/);
  });

  test("changes a value that another key repeats only if the other key keeps its value", () => {
    const text = "base: &b\n  model: x\nmine: *b\n";
    expect(merged("c.yaml", "mine: {model: y}", text)).toBe('base: &b\n  model: x\nmine: {model: "y"}\n');
    expect(flawOf("c.yaml", text, "base: {model: y}")).toMatch(
      /cannot be changed without changing other keys/,
    );
  });

  test("treats names such as __proto__ as ordinary keys", () => {
    for (const [path, declared, text] of [
      ["c.yaml", "__proto__: {polluted: 1}\nconstructor: {prototype: 2}", "a: 1\n"],
      ["c.toml", "[__proto__]\npolluted = 1\n[constructor]\nprototype = 2", "a = 1\n"],
      ["c.json", '{"__proto__": {"polluted": 1}, "constructor": {"prototype": 2}}', '{\n  "a": 1\n}'],
    ] as const) {
      const result = merged(path, declared, text);
      expect(differences(path, declared, text)).toEqual(["__proto__.polluted", "constructor.prototype"]);
      expect(differences(path, declared, result)).toEqual([]);
      expect(merged(path, "", result, declared).trim()).toBe(text.trim());
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });

  test("keeps the meaning of keys and values with special characters", () => {
    const keys = { "a.b": 'x"\\\u0085\u2028', no: "yes", "": " # ", über: "1", "k: v": "- a\nb: c\t\u007f" };
    const declared = JSON.stringify(keys);
    for (const path of ["c.json", "c.yaml"]) {
      expect(differences(path, declared, merged(path, declared, path === "c.json" ? "{}" : "z: 1"))).toEqual(
        [],
      );
    }
    const inToml =
      '"a.b" = "x\\"\\u0085"\n"" = " # "\n"k = v" = "a\\nb\\u007f"\n[projects."/home/x"]\nt = 1\n';
    expect(differences("c.toml", inToml, merged("c.toml", inToml, "z = 1\n"))).toEqual([]);
  });

  test("leaves YAML keys that are not texts to the agent", () => {
    const text = "1: one\ntrue: two\nmodel: small\n";
    expect(merged("c.yaml", "model: big", text)).toBe(text.replace("small", '"big"'));
  });
});

test("the file name determines the format", () => {
  const names = ["a.json", ".claude.json", "a.jsonc", "a.toml", "a.yaml", "a.yml"];
  expect(names.map((name) => formatOf(name)?.name)).toEqual(["JSON", "JSON", "JSON", "TOML", "YAML", "YAML"]);
  expect(["a.ini", "json", "a.json5", "a.constructor", "SOUL.md"].map(formatOf)).toEqual(
    Array(5).fill(undefined),
  );
});
