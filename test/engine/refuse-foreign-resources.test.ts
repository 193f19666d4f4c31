import { expect, test } from "vitest";
import { foreignError } from "../../src/engine/refuse-foreign-resources.ts";

const resource = (type: string, name: string, parents = "") => ({
  urn: `urn:pulumi:test::infra::${parents}${type}::${name}`,
  type,
  custom: type !== "muster:index:Fleet",
});
const FLEET = "muster:index:Fleet";
const OWN = [
  resource("pulumi:providers:muster", "default"),
  resource(FLEET, "fleet"),
  resource("muster:index:Host", "web/host", `${FLEET}$`),
];
const DROPLET = resource("digitalocean:index/droplet:Droplet", "hub");

test("Muster's own program continues with the resources that it declares", () => {
  expect(foreignError(OWN, [])).toBeUndefined();
  expect(foreignError([...OWN, DROPLET], ["digitalocean:"])).toBeUndefined();
});

test("a machine that a user's own program has created is named, and not deleted", () => {
  const machines = [resource("hcloud:index/server:Server", "web"), DROPLET];
  expect(foreignError([...OWN, ...machines], [])?.message).toContain(
    "This run would delete web (hcloud:index/server:Server), hub (digitalocean:index/droplet:Droplet).",
  );
});

test("a fleet below another component is not created again", () => {
  const nested = resource(FLEET, "fleet", "my:index:Site$");
  expect(foreignError([nested], [])?.message).toContain("Remove the parent of `Fleet`");
});
