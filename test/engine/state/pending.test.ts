import { expect, test } from "vitest";
import { adoptPending, type Deployment } from "../../../src/engine/state/adopt-pending.ts";

const URN = "urn:pulumi:prod::fleet::";

function state(pending: [type: string, urn: string][], resources: string[] = []): Deployment {
  const resource = (urn: string) => ({
    urn: URN + urn,
    type: urn.split("::")[0] ?? "",
    inputs: { host: "east" },
  });
  return {
    deployment: {
      resources: resources.map(resource),
      pending_operations: pending.map(([type, urn]) => ({ type, resource: resource(urn) })),
    },
  };
}

test("a resource that a killed run was creating is adopted, and its name becomes its id", () => {
  const agent = "muster:index:Agent::east/iris/agent";
  const result = adoptPending(state([["creating", agent]], ["muster:index:Host::east/host"]));
  expect(result?.adopted).toEqual(["east/iris/agent"]);
  expect(result?.deployment.deployment?.pending_operations).toEqual([]);
  expect(result?.deployment.deployment?.resources?.[1]).toEqual({
    urn: URN + agent,
    type: "muster:index:Agent",
    id: "east/iris/agent",
    inputs: { host: "east" },
    outputs: { host: "east" },
    refreshBeforeUpdate: true,
  });
});

test("pending operations on existing resources and on providers are cleared, and nothing is adopted", () => {
  const host = "muster:index:Host::east/host";
  const pending = [
    ["creating", host],
    ["updating", host],
    ["creating", "pulumi:providers:muster::default"],
  ] satisfies [string, string][];
  const result = adoptPending(state(pending, [host]));
  expect(result).toMatchObject({ adopted: [], deployment: { deployment: { pending_operations: [] } } });
  expect(result?.deployment.deployment?.resources).toHaveLength(1);
});

test("a pending resource of another provider is left to the user, because its id is unknown", () => {
  expect(adoptPending(state([["creating", "random:index/randomId:RandomId::web"]]))).toBeUndefined();
});

test("a pending droplet is left to the next run, which finds the droplet by its tag", () => {
  const result = adoptPending(state([["creating", "digitalocean:index/droplet:Droplet::web"]]));
  expect(result).toMatchObject({
    adopted: [],
    deployment: { deployment: { pending_operations: [], resources: [] } },
  });
});
