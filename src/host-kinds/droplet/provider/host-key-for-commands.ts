import { InvalidError } from "../../../base/errors.ts";
import type { DropletHostSpec } from "../spec.ts";

/**
 * Chooses the host key for the vendor's remote.Command, which accepts one key. The client of remote.Command offers only
 * the algorithm with the name of the key's type. For the type `ssh-rsa`, this algorithm uses SHA-1, which OpenSSH 8.8
 * and later refuse. RSA keys are therefore not chosen.
 *
 * @returns undefined if all keys are RSA keys
 */
export function hostKeyForCommands(hostKeys: readonly string[]): string | undefined {
  return hostKeys.find((key) => !key.startsWith("ssh-rsa "));
}

/**
 * Refuses a host on which commands must run, if all its known keys are RSA keys.
 *
 * @param machine the ID of the host's droplet
 * @throws InvalidError
 */
export function requireHostKeyForCommands(
  { name, droplet: { adopt, setup } }: DropletHostSpec,
  machine: string,
  hostKeys: readonly string[],
): void {
  // An adopted droplet runs commands only if it has setup steps. Every other droplet runs the command that waits for
  // cloud-init.
  const runsCommands = setup.length > 0 || adopt?.droplet !== machine;
  if (!runsCommands || hostKeyForCommands(hostKeys) !== undefined) return;
  throw new InvalidError({
    where: name,
    what: "its setup steps cannot run",
    why: "the only known host key is of the type ssh-rsa, which DigitalOcean's plugins cannot use with current OpenSSH.",
    next: "Add the host's ssh-ed25519 key to `hostKeys`: it is in /etc/ssh/ssh_host_ed25519_key.pub on the host.",
  });
}
