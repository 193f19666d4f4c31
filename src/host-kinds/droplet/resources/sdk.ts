/** The resource classes of the vendors' SDKs. Only fleets with droplets load this module. */
export { Command } from "@pulumi/command/remote/command.js";
export { Droplet } from "@pulumi/digitalocean/droplet.js";
export { Firewall } from "@pulumi/digitalocean/firewall.js";
export { Project } from "@pulumi/digitalocean/project.js";
export { ProjectResources } from "@pulumi/digitalocean/projectResources.js";
export { ReservedIp } from "@pulumi/digitalocean/reservedIp.js";
export { ReservedIpAssignment } from "@pulumi/digitalocean/reservedIpAssignment.js";
export { SshKey } from "@pulumi/digitalocean/sshKey.js";
export { Volume } from "@pulumi/digitalocean/volume.js";
export { VolumeAttachment } from "@pulumi/digitalocean/volumeAttachment.js";
