import { expect, test } from "vitest";
import { isChange, isOperation, namedStack, readCall } from "../../src/engine/arguments.ts";
import { refuseLeaks } from "../../src/engine/refuse-secret-leaks.ts";

test.each([
  ["up -s prod", "prod"],
  ["up -sprod", "prod"],
  ["--stack prod up", "prod"],
  ["up --stack=acme/muster/prod --yes", "prod"],
  ["stack init prod", "prod"],
  ["stack select prod", undefined],
  ["up --yes", undefined],
  ["import -- -s prod", undefined],
])("the stack that `pulumi %s` selects is %s", (line, stack) => {
  expect(namedStack(readCall(line.split(" ")))).toBe(stack);
});

test.each([
  ["-C ../fleet up", "../fleet"],
  ["up --cwd=/srv/fleet", "/srv/fleet"],
  ["up", undefined],
])("the working directory of the command `pulumi %s` is %s", (line, cwd) => {
  expect(readCall(line.split(" ")).cwd).toBe(cwd);
});

test.each([
  ["--color never up", true],
  ["-C up stack ls", false],
  ["-v 3 preview --diff", true],
  ["down", true],
  ["config set up yes", false],
  ["version", false],
  ["", false],
])("the command `pulumi %s` counts as an operation on the stack: %s", (line, expected) => {
  expect(isOperation(readCall(line.split(" ")))).toBe(expected);
});

test.each([
  ["up -v=9", {}, /^-v=9 was refused: .*secrets/],
  ["-v 11 preview", {}, /^-v=11 was refused/],
  ["up --verbose=9", {}, /^-v=9 was refused/],
  ["up", { PULUMI_OPTION_VERBOSE: "9" }, /^-v=9 was refused/],
  ["up", { PULUMI_DEBUG_GRPC: "/tmp/log" }, /^PULUMI_DEBUG_GRPC was refused/],
])(
  "the command `pulumi %s` with %o is refused, because the engine would log secrets",
  (line, env, sentence) => {
    expect(() => refuseLeaks(readCall(line.split(" ")), "", env)).toThrow(sentence);
  },
);

test.each([
  ["up", true],
  ["dn", true],
  ["preview", false],
  ["refresh --preview-only", false],
  ["cancel", false],
])("the command `pulumi %s` takes the stack's lock: %s", (line, expected) => {
  expect(isChange(readCall(line.split(" ")))).toBe(expected);
});

test.each([
  "postgres://ann:s3cret@db.example.org/state",
  "postgres://:s3cret@db.example.org/state",
  "postgres://db.example.org/state?sslmode=require&password=s3cret",
])("a password in the state's URL is refused and not printed: %s", (url) => {
  const refuse = () => refuseLeaks(readCall(["stack", "ls"]), url, {});
  expect(refuse).toThrow(/contains a password.*PGPASSWORD/);
  expect(refuse).not.toThrow(/s3cret/);
});

test("the command `pulumi up -v8` is not refused, because the engine logs secrets only with `-v9` or more", () => {
  refuseLeaks(readCall(["up", "-v8"]), "postgres://ann@db.example.org/state", {});
});
