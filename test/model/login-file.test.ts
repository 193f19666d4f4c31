import { expect, test } from "vitest";
import { isOtherAccount, readLogin } from "../../src/model/login-file.ts";

const claims = (value: object) => `h.${Buffer.from(JSON.stringify(value)).toString("base64url")}.s`;

test.each([
  [
    ".claude/.credentials.json",
    {
      claudeAiOauth: { accessToken: "a", refreshToken: "r", expiresAt: 1_800_000_000_000 },
      organizationUuid: "org",
    },
    { account: { organizationUuid: "org" }, renewed: 1_800_000_000_000 },
  ],
  [
    ".claude/.credentials.json",
    { claudeAiOauth: { accessToken: "a", refreshToken: "", expiresAt: 1_800_000_000_000 } },
    { account: {}, renewed: 1_800_000_000_000, expires: 1_800_000_000_000 },
  ],
  [
    ".codex/auth.json",
    {
      OPENAI_API_KEY: null,
      tokens: { id_token: claims({ email: "i@example.org" }), refresh_token: "r", account_id: "acc" },
      last_refresh: "2026-12-01T00:00:00Z",
    },
    {
      account: { "tokens.id_token.email": "i@example.org", "tokens.account_id": "acc" },
      renewed: Date.parse("2026-12-01T00:00:00Z"),
    },
  ],
  [
    ".pi/agent/auth.json",
    { anthropic: { type: "oauth", refresh: "r", access: "a", expires: 1_800_000_000 } },
    { account: {}, renewed: 1_800_000_000_000 },
  ],
  [
    ".hermes/auth.json",
    { providers: { nous: { access_token: "a", refresh_token: "r", expires_at: "2026-12-02T00:00:00Z" } } },
    { account: {}, renewed: Date.parse("2026-12-02T00:00:00Z") },
  ],
])("the facts of a login are read from %s", (path, file, facts) => {
  expect(readLogin(path, JSON.stringify(file))).toEqual(facts);
});

test.each(["", "{", "[]", "null", '"text"', "{}"])(
  "a file that is not a login cannot be read: %j",
  (text) => {
    expect(readLogin("auth.json", text)).toBeUndefined();
  },
);

test("only keys that both files have show another account", () => {
  expect(isOtherAccount({ id: "a" }, { id: "a", email: "x" })).toBe(false);
  expect(isOtherAccount({ id: "a" }, {})).toBe(false);
  expect(isOtherAccount({ id: "a", email: "x" }, { id: "a", email: "y" })).toBe(true);
});
