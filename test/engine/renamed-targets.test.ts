import { expect, test } from "vitest";
import { withCurrentTargets } from "../../src/engine/renamed-targets.ts";

const STACK = "urn:pulumi:dev::fleet::";

test.each([
  ["a part of an agent", "muster:index:AgentUnit::east/iris/unit", "**muster:index:Agent::east/iris/agent"],
  ["an identity", "muster:index:Identity::east/iris/identity", "**muster:index:Agent::east/iris/agent"],
  ["a tenant", "muster:index:Tenant::east/tenant-arc", "**muster:index:Tenant::east/tenant-arc"],
  ["a host", "muster:index:Host::east/host", "**muster:index:Host::east/host"],
  ["everything on a host", "muster:index:*::east/**", "**muster:index:*::east/**"],
  ["an agent under its current name", "muster:index:Host$muster:index:Agent::a/b/agent", undefined],
  ["a vendor's resource", "digitalocean:index/droplet:Droplet::east", undefined],
])("a target that names %s reaches the named resource", (_, urn, today) => {
  const wanted = STACK + (today ?? urn);
  expect(withCurrentTargets(["up", "--target", STACK + urn])).toEqual(["up", "--target", wanted]);
  expect(withCurrentTargets([`--target=${STACK + urn}`])).toEqual([`--target=${wanted}`]);
});

test("each of several targets in one argument is rewritten to its current name", () => {
  const [arg] = withCurrentTargets([
    `-t=${STACK}muster:index:Host::a/host,${STACK}muster:index:Identity::a/b/identity`,
  ]);
  expect(arg).toBe(`-t=${STACK}**muster:index:Host::a/host,${STACK}**muster:index:Agent::a/b/agent`);
});
