// Declares a droplet with its key, firewall, volume and reserved IP, and a command on the droplet. It uses only the
// vendor's own SDKs.
import { readFileSync } from "node:fs";
import command from "@pulumi/command";
import digitalocean from "@pulumi/digitalocean";

const { SIZE = "s-1vcpu-1gb", TRIGGER = "first" } = process.env;

const key = new digitalocean.SshKey("key", { name: "fleet", publicKey: readFileSync("id.pub", "utf8") });
const droplet = new digitalocean.Droplet("hub", {
  name: "hub",
  region: "fra1",
  size: SIZE,
  image: "debian-12-x64",
  sshKeys: [key.id],
  monitoring: true,
  userData: "#cloud-config\nruncmd:\n  - [touch, /root/booted]\n",
  tags: ["muster"],
});
const number = droplet.id.apply(Number);
new digitalocean.Firewall("hub", {
  name: "hub",
  dropletIds: [number],
  inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.0/24"] }],
  outboundRules: [{ protocol: "tcp", portRange: "all", destinationAddresses: ["0.0.0.0/0", "::/0"] }],
});
const volume = new digitalocean.Volume("data", {
  name: "data",
  region: "fra1",
  size: 10,
  initialFilesystemType: "ext4",
});
const attachment = new digitalocean.VolumeAttachment("data", { dropletId: number, volumeId: volume.id });
const reserved = new digitalocean.ReservedIp("hub", { region: "fra1" });
// The API refuses a second action on a droplet while the first is pending.
new digitalocean.ReservedIpAssignment(
  "hub",
  { ipAddress: reserved.ipAddress, dropletId: number },
  { dependsOn: [attachment] },
);
const project = new digitalocean.Project("fleet", { name: "fleet", resources: [droplet.dropletUrn] });
const ready = new command.remote.Command("ready", {
  connection: { host: droplet.ipv4Address, privateKey: readFileSync("id", "utf8") },
  create: "cloud-init status --wait && hostname && ls /root/booted",
  triggers: [TRIGGER],
  addPreviousOutputInEnv: false,
});

export const address = droplet.ipv4Address;
export const price = droplet.priceMonthly;
export const said = ready.stdout;
export const reservedAddress = reserved.ipAddress;
export const projectId = project.id;
export const limit = digitalocean.getAccountOutput().dropletLimit;
