import { expect, test } from "vitest";
import { loadFleet } from "../../src/config/load-fleet.ts";
import { loadHosts } from "../../src/config/load-hosts.ts";
import { FLEET, useFolder, write } from "../config/support/folder.ts";

const folder = useFolder();

function fleetWith(cloud: string, host: string): string {
  write(folder.path, { "fleet.yaml": FLEET.replace("hosts:", `cloud: ${cloud}\nhosts:\n  web: ${host}`) });
  return `${folder.path}/fleet.yaml`;
}

const CLOUD =
  '{keys: {me: "ssh-ed25519 AAAA me@home"}, sshFrom: [192.0.2.1, "2001:db8::/32"], region: nyc3, tags: [a]}';

test("a droplet is protected by default, and has backups, a known image and no open port", () => {
  const { hosts, cloud } = loadFleet(fleetWith(CLOUD, "{kind: droplet}"));
  expect(cloud).toEqual({ keys: { me: "ssh-ed25519 AAAA" }, sshFrom: ["192.0.2.1", "2001:db8::/32"] });
  expect(hosts["web"]).toEqual({
    ...{ kind: "droplet", name: "web", user: "root", protect: true, formerly: [], hostKeys: [] },
    ...{ connectTimeout: 10, availability: "always" },
    droplet: {
      ...{ region: "nyc3", size: "s-1vcpu-2gb", image: "debian-12-x64", backups: true, monitoring: true },
      ...{ ipv6: false, tags: ["a"], reservedIp: false, volumes: {}, open: [], setup: [], bootTimeout: 600 },
    },
  });
});

test("a droplet's settings override the settings of `cloud`, and its setup steps keep their order", () => {
  const host =
    "{kind: droplet, region: ams3, tags: [b], backups: false, protect: false, open: [{port: 443}], volumes: " +
    "{data: {size: 9}}, setup: {two: {run: b, timeout: 5m}, one: {run: a, unless: c}}, replace: why}";
  const spec = loadHosts(fleetWith(CLOUD, host))?.["web"];
  expect(spec).toMatchObject({
    protect: false,
    droplet: {
      ...{ region: "ams3", tags: ["a", "b"], backups: false, replace: "why" },
      open: [{ port: "443", protocol: "tcp", from: ["0.0.0.0/0", "::/0"] }],
      volumes: { data: { size: 9, filesystem: "ext4" } },
      setup: [
        { name: "two", run: "b", triggers: [], timeout: 300 },
        { name: "one", run: "a", unless: "c", triggers: [], timeout: 600 },
      ],
    },
  });
});

test("a setup step can contain several lines and tabs, but no other control character", () => {
  const host = (run: string) => `{kind: droplet, setup: {one: {run: ${JSON.stringify(run)}}}}`;
  const run = "if true; then\n\techo a\nfi\n";
  expect(loadFleet(fleetWith(CLOUD, host(run))).hosts["web"]).toMatchObject({
    droplet: { setup: [{ run }] },
  });
  expect(() => loadFleet(fleetWith(CLOUD, host("echo \u001b[2J\n")))).toThrow(
    /hosts\.web\.setup\.one\.run: must be shell text without control characters except tabs/,
  );
});

test("a new droplet needs a key, and an adopted droplet does not", () => {
  const cloud = "{keys: {}, sshFrom: [192.0.2.1], region: nyc3}";
  const firewall = "bb4b2611-3d72-467b-8602-280330ecd65c";
  const { hosts } = loadFleet(
    fleetWith(cloud, `{kind: droplet, adopt: {droplet: 7, firewall: ${firewall}}}`),
  );
  expect(hosts["web"]).toMatchObject({ droplet: { adopt: { droplet: "7", firewall, hostKeys: [] } } });
  for (const host of ["{kind: droplet}", "{kind: droplet, adopt: {droplet: 7}, replace: why}"]) {
    expect(() => loadFleet(fleetWith(cloud, host))).toThrow(/`cloud\.keys` is empty/);
  }
});
