import { describe, expect, test } from "vitest";
import {
  accountId,
  agentId,
  agentOf,
  formerPartId,
  hostId,
  hostJobsId,
  hostOf,
  parseId,
  type ResourceId,
  readerId,
  serviceId,
  subjectKey,
  subjectOf,
  tenantId,
} from "../../src/model/resource-id.ts";

/** Names that also occur as words of ids. */
const NAMES = ["iris", "host", "jobs", "agent", "tenant-x", "reader-x", "unit"];

describe("a resource id", () => {
  const ids: [id: string, parsed: ResourceId][] = [
    [hostId("east"), { kind: "host", host: "east" }],
    [hostJobsId("east"), { kind: "jobs", host: "east" }],
    ...NAMES.flatMap((name): [string, ResourceId][] => [
      [hostId(name), { kind: "host", host: name }],
      [hostJobsId(name), { kind: "jobs", host: name }],
      [tenantId("east", name), { kind: "tenant", host: "east", name }],
      [readerId("east", name), { kind: "reader", host: "east", name }],
      [agentId("east", name), { kind: "agent", host: "east", name }],
      [accountId("east", name), { kind: "account", host: "east", name }],
      [serviceId("east", name), { kind: "service", host: "east", name }],
      [formerPartId("east", name, "unit"), { kind: "agent", host: "east", name, part: "unit" }],
      [formerPartId("east", name, "jobs"), { kind: "agent", host: "east", name, part: "jobs" }],
    ]),
  ];

  test.each(ids)("is parsed to the parts that it was built from: %s", (id, parsed) => {
    expect(parseId(id)).toEqual(parsed);
    expect(hostOf(id)).toBe(parsed.host);
  });

  test("belongs to only one resource, for all names of hosts, tenants and agents", () => {
    const texts = new Set(ids.map(([id]) => id));
    expect(texts.size).toBe(new Set(ids.map(([, parsed]) => JSON.stringify(parsed))).size);
  });

  test.each([
    "",
    "east",
    "east/",
    "/host",
    "east/iris",
    "east/tenant-",
    "east/iris/home",
    "east/iris/agent/x",
  ])("is never %j", (text) => {
    expect(parseId(text)).toBeUndefined();
    expect(agentOf(text)).toBeUndefined();
  });
});

describe("the subject of a resource", () => {
  test.each([
    ["east/host", { kind: "host", host: "east", name: "east" }],
    ["east/jobs", { kind: "host", host: "east", name: "east" }],
    ["east", { kind: "host", host: "east", name: "east" }],
    ["east/tenant-arc", { kind: "tenant", host: "east", name: "arc" }],
    ["east/reader-ci", { kind: "reader", host: "east", name: "ci" }],
    ["east/iris/agent", { kind: "agent", host: "east", name: "iris" }],
    ["east/iris/account", { kind: "agent", host: "east", name: "iris" }],
    ["east/iris/contacts", { kind: "agent", host: "east", name: "iris" }],
    ["east/jobs/agent", { kind: "agent", host: "east", name: "jobs" }],
    ["east/cache/service", { kind: "service", host: "east", name: "cache" }],
  ])("is derived from the resource id %s", (id, subject) => {
    expect(subjectOf(id)).toEqual(subject);
  });

  test("is the same for all resources of an agent, but different for a service with the agent's name", () => {
    const keys = ["agent", "account", "identity", "service"].map((suffix) =>
      subjectKey(`east/iris/${suffix}`),
    );
    expect([new Set(keys.slice(0, 3)).size, keys[3] === keys[0]]).toEqual([1, false]);
    expect(subjectKey("west/iris/agent")).not.toBe(keys[0]);
  });
});

test("the ids of an agent's own resources name the agent, and the ids of accounts, services and hosts do not", () => {
  expect(["agent", "identity", "unit"].map((suffix) => agentOf(`east/iris/${suffix}`))).toEqual(
    Array(3).fill("iris"),
  );
  expect(["east/iris/account", "east/iris/service", "east/host", "east"].map(agentOf)).toEqual(
    Array(4).fill(undefined),
  );
});
