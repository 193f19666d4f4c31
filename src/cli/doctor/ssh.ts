import { execa } from "execa";
import type { Check } from "../../base/doctor-check.ts";

/** Whether the system's OpenSSH client is there. */
export async function sshCheck(): Promise<Check> {
  const name = "ssh";
  const { failed, stderr } = await execa("ssh", ["-V"], { reject: false, stdin: "ignore" });
  if (!failed) return { name, ok: true, detail: stderr.trim() };
  return {
    name,
    ok: false,
    detail: "the ssh client does not run",
    fix: "sudo apt-get install openssh-client",
  };
}
