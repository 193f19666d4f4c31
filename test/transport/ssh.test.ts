import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { channelArguments, sshArguments } from "../../src/transport/ssh.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

/** What ssh itself makes of the arguments, as lines of ssh_config. */
async function understood(args: readonly string[]): Promise<string[]> {
  const { stdout } = await execa("ssh", ["-F", "none", "-G", ...args]);
  return stdout.split("\n");
}

const target = targetOf({ port: 2222, hostKeys: [SOME_KEY], identityFile: "/home/my user/100%d/key" });

describe("what ssh understands of our arguments", () => {
  test("only the pinned keys count, under the host's own name", async () => {
    const config = await understood(sshArguments(target, "/tmp/a b/%h"));
    expect(config).toContain("stricthostkeychecking true");
    expect(config).toContain("userknownhostsfile /tmp/a b/%h");
    expect(config).toContain("globalknownhostsfile /dev/null");
    expect(config).toContain("hostkeyalias hub");
    expect(config).toContain("updatehostkeys false");
  });

  test("the way in is the declared one, blanks and percent signs in paths included", async () => {
    const config = await understood(sshArguments(target, "/tmp/known"));
    expect(config).toContain("user root");
    expect(config).toContain("hostname 127.0.0.1");
    expect(config).toContain("port 2222");
    expect(config).toContain("identityfile /home/my user/100%%d/key");
    expect(config).toContain("identitiesonly yes");
  });

  test("what fleet.yaml leaves open is left to ssh_config", () => {
    const args = sshArguments({ ...targetOf(), name: "hub", address: "hub-alias" }, "/tmp/known");
    expect(args.join(" ")).not.toMatch(/Port=|IdentityFile=|IdentitiesOnly=/);
    const { user, ...anybody } = targetOf({ address: "hub-alias" });
    expect(user).toBe("root");
    expect(sshArguments(anybody, "/tmp/known").slice(-2)).toEqual(["--", "hub-alias"]);
  });

  test("a program's connection asks nothing, forwards nothing and is shared with nobody", async () => {
    const config = await understood(channelArguments(target, "/tmp/known", false, "true"));
    for (const line of [
      "batchmode yes",
      "requesttty false",
      "forwardagent no",
      "forwardx11 no",
      "clearallforwardings yes",
      "controlmaster false",
      "serveraliveinterval 2",
      "serveralivecountmax 2",
      "stricthostkeychecking true",
    ]) {
      expect(config).toContain(line);
    }
  });

  test("a first contact accepts a new key, and never a changed one", async () => {
    const config = await understood(channelArguments(targetOf(), "/tmp/known", true, "true"));
    expect(config).toContain("stricthostkeychecking accept-new");
  });
});
