import { expect, test } from "vitest";
import { loadFleet } from "../../src/config/load-fleet.ts";
import {
  hostKeyForCommands,
  requireHostKeyForCommands,
} from "../../src/host-kinds/droplet/provider/host-key-for-commands.ts";
import type { DropletHostSpec } from "../../src/host-kinds/droplet/spec.ts";
import { FLEET, useFolder, write } from "../config/support/folder.ts";

const folder = useFolder();
const [RSA, ED25519] = ["ssh-rsa AAAA", "ssh-ed25519 AAAA"];

function specWith(host: string): DropletHostSpec {
  const cloud = '{keys: {me: "ssh-ed25519 AAAA"}, sshFrom: [192.0.2.1], region: nyc3}';
  write(folder.path, { "fleet.yaml": FLEET.replace("hosts:", `cloud: ${cloud}\nhosts:\n  web: ${host}`) });
  return loadFleet(`${folder.path}/fleet.yaml`).hosts["web"] as DropletHostSpec;
}

test("setup steps use the first host key that is not an RSA key", () => {
  expect(hostKeyForCommands([RSA, "ecdsa-sha2-nistp256 AAAA", ED25519])).toBe("ecdsa-sha2-nistp256 AAAA");
  expect(hostKeyForCommands([RSA])).toBeUndefined();
});

test("a host with only an RSA key is refused if commands must run on it, and the error names the missing key", () => {
  const made = specWith("{kind: droplet}");
  const refused = /web: its setup steps cannot run: .*ssh-rsa.*Add the host's ssh-ed25519 key to `hostKeys`/s;
  expect(() => requireHostKeyForCommands(made, "7", [RSA])).toThrow(refused);
  expect(() => requireHostKeyForCommands(made, "7", [RSA, ED25519])).not.toThrow();
  const adopted = specWith("{kind: droplet, adopt: {droplet: 7}}");
  expect(() => requireHostKeyForCommands(adopted, "7", [RSA])).not.toThrow();
  expect(() => requireHostKeyForCommands(adopted, "8", [RSA])).toThrow(refused);
});
