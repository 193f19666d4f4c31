import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { localFleet } from "./fleets.ts";
import { makeProject, must, type Project } from "./project.ts";

/** Boots a host `box` without agents. A script that runs there as root plants everything that `fleet import` finds. */
export async function plantedBox(script: string): Promise<Project> {
  const machine = await makeProject(localFleet({ hosts: ["box"], agents: {} }));
  const box = "urn:pulumi:test::muster::muster:index:LocalHost::box";
  await must(machine.pulumi(["up", "--yes", "--skip-preview", "--target", box]));
  await execa("ssh", [...machine.sshArguments("box"), "bash -s"], { input: script });
  return machine;
}

/**
 * Imports the box as an existing server.
 *
 * @param name the name of the host in the proposal
 * @param user the user with which Muster logs in
 * @returns the output of the command
 */
export async function importBox(machine: Project, name: string, user = "root"): Promise<string> {
  const { hosts } = parse(machine.read("stacks/inventory.local.yaml")) as {
    hosts: { box: { address: string } };
  };
  const key = join(machine.dir, ".muster/ssh/id_ed25519");
  const login = ["--ssh", hosts.box.address, "--user", user, "--identity-file", key];
  return (await must(machine.fleet(["import", "host", name, ...login]))).stdout;
}

/** Returns the text of each file that the import of `box` has written, by path. */
export function proposedIn(machine: Project): Record<string, string> {
  const dir = join(machine.dir, "imported/box");
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}
