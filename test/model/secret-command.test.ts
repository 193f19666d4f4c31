import { expect, test } from "vitest";
import { secretCommand } from "../../src/model/secret-command.ts";

const HOME = "/home/ada";

test.each([
  ["pass show iris", ["pass", "show", "iris"]],
  ["op read 'op://a vault/iris/key'", ["op", "read", "op://a vault/iris/key"]],
  ['vault kv get -field="a \\"key\\"" secret/iris', ["vault", "kv", "get", '-field=a "key"', "secret/iris"]],
  ["sops -d ~/keys/iris.yaml a~/b '~/c'", ["sops", "-d", "/home/ada/keys/iris.yaml", "a~/b", "~/c"]],
  ["sh -c 'pass show iris | head -n 1'", ["sh", "-c", "pass show iris | head -n 1"]],
  ["a\\ b ''", ["a b", ""]],
])("the words of a command are those of a shell: %s", (text, words) => {
  expect(secretCommand(text, HOME)).toEqual({ words });
});

test.each([
  ["pass show iris | head -n 1", "contains |, but no shell runs the command"],
  ["cat keys/*", "contains *"],
  ["pass show $NAME", "contains $"],
  ['pass show "$NAME"', "contains $"],
  ["pass show `cat name`", "contains `"],
  ["pass show 'iris", "has a quote or a backslash without an end"],
  ["pass\\", "has a quote or a backslash without an end"],
  ["  ", "names no program"],
  ["'' a", "names no program"],
])("a command that only a shell can run is refused: %s", (text, flaw) => {
  expect(secretCommand(text, HOME)).toEqual({ flaw: expect.stringContaining(flaw) });
});
