import { expect, test } from "vitest";
import { broken, check, FLEET, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();
const problemsOf = (text: string) => lines(check(folder, text).problems);

const LOOM_HAS_A_KEY = FLEET.replace("{host: east", "{credentials: [loom-key], host: east");
const withLoomKey = (key: string) => LOOM_HAS_A_KEY.replace("identities:", `  loom-key: ${key}\nidentities:`);

test("two credentials with the same reference count as one secret", () => {
  expect(problemsOf(withLoomKey('{from: "config:iris-key", type: api-key}'))).toEqual([
    'fleet.yaml:10:3 credentials.iris-key: is the same secret as "loom-key", held by agents iris, loom: ' +
      "give each its own, or give a reason in `sharedBecause`",
    'fleet.yaml:11:3 credentials.loom-key: is the same secret as "iris-key", held by agents iris, loom: ' +
      "give each its own, or give a reason in `sharedBecause`",
  ]);
});

test("two credentials with different paths to the same file count as one secret", () => {
  const text = withLoomKey('{from: "file:./keys/../key", type: api-key}').replace(
    "config:iris-key",
    "file:key",
  );
  expect(problemsOf(text)).toHaveLength(2);
});

test("a secret may be shared if a reason is declared", () => {
  const reason = "env: API_KEY, sharedBecause: The vendor gives one key a company.";
  const text = broken("env: API_KEY", reason).replace("{host: east", "{credentials: [iris-key], host: east");
  expect(problemsOf(text)).toEqual([]);
});

test("agents on a host that have the same uid share their secrets, which causes a warning", () => {
  const text = broken("arc: {}", "arc: {isolation: tenant}").replace("host: east", "host: hub");
  const checked = check(folder, text);
  expect(lines(checked.problems)).toEqual([
    "fleet.yaml:10:3 credentials.iris-key: is held by agents iris, loom: " +
      "give each its own, or give a reason in `sharedBecause`",
  ]);
  expect(lines(checked.warnings)).toEqual([
    "fleet.yaml:8:20 tenants.arc.isolation: all agents of this tenant share one uid and can read each other's secrets",
  ]);
});

test("agents with the same uid do not share secrets that are on different hosts", () => {
  const checked = check(folder, broken("arc: {}", "arc: {isolation: tenant}"));
  expect(lines(checked.problems)).toEqual([]);
  expect(checked.fleet?.agents["iris"]?.user).toBe("arc");
});

test("an OAuth login that is used on two hosts is an error, even with a reason", () => {
  const login = "type: oauth, env: API_KEY, sharedBecause: We have but one login.";
  const text = broken("type: api-key, env: API_KEY", login).replace(
    "{host: east",
    "{credentials: [iris-key], host: east",
  );
  expect(problemsOf(text)).toEqual([
    "fleet.yaml:10:3 credentials.iris-key: is an OAuth login on the hosts hub, east: its copies revoke each other " +
      "when one is refreshed; use one login for each host, or an API key for each agent",
  ]);
});

test("an agent whose name is that of another tenant's shared user is refused", () => {
  const text = broken("arc: {}", "arc: {}\n  loom: {isolation: tenant}").replace(
    "iris: {host: hub, tenant: arc",
    "iris: {host: hub, tenant: loom",
  );
  expect(problemsOf(text)).toEqual([
    'fleet.yaml:20:3 agents.loom: runs as Linux user "loom", which agent "iris" of tenant "loom" also uses',
  ]);
});

test.each([
  "/usr/share/keys/abcdefgh",
  "https://example.org/oauth/token",
  "aaaaaaaaaaaaaaaaaaaaaaaa",
  "short",
  "two words of text",
])("a value that is not secret is allowed in a variable whose name suggests a secret: %s", (value) => {
  expect(problemsOf(broken("routesTo: [loom]", `routesTo: [loom], env: {MY_TOKEN: "${value}"}`))).toEqual([]);
});
