import { expect, it } from "vitest";
import type { HostItem } from "../../src/model/items.ts";
import type { ObserveAnswer } from "../../src/model/protocol.ts";
import { type Removal, removalSentences } from "../../src/provider/notices/removals.ts";
import { renameSentences } from "../../src/provider/notices/renames.ts";
import { filesNaming, outsideHome } from "../../src/provider/observed-users.ts";

const ID = "hub/iris/agent";
const want = { present: true, group: "arc", home: "/home/iris", shell: "/bin/bash" } as const;
const user: HostItem = { kind: "user", name: "iris", want };
const FILES = ["/etc/sudoers.d/bots", "/etc/security/limits.d/bots.conf"];
const observed = { user: { props: { ...want, namedIn: FILES.join(", ") } } };
const answer: ObserveAnswer = { resources: { [ID]: { items: { user }, observed } }, recorded: [] };

const removal: Removal = {
  ...{ name: ID, host: "hub", items: [user], isProtected: false, why: " is not in fleet.yaml any more" },
  filesNaming: filesNaming(answer),
};

it("the preview of a removal lists the files that name the removed user", () => {
  expect(removalSentences([removal], "up")).toEqual([
    "hub: iris is not in fleet.yaml any more: `up` removes its user iris. It does not change " +
      "/etc/sudoers.d/bots and /etc/security/limits.d/bots.conf: remove the lines that name iris, " +
      "because they apply to any later user iris.",
  ]);
});

it("the preview of a removal does not list files if the user is kept", () => {
  const kept = { ...user, onRemove: "keep" } as const;
  const adopted = { ...removal, found: { "user iris": want } };
  for (const one of [{ ...removal, items: [kept] }, adopted])
    expect(removalSentences([one], "up").join()).not.toContain("/etc/");
});

it("the preview of a rename lists the files that name the former user", () => {
  const files = filesNaming(answer)["iris"] ?? [];
  expect(renameSentences([{ type: "Agent", from: ID, to: "hub/vera/agent", files }])).toEqual([
    expect.stringMatching(
      /starts it again\. It does not change \/etc\/sudoers\.d\/bots and \S+: replace iris with vera there, because these lines apply to any later user iris\.$/,
    ),
  ]);
});

it("the preview of a move lists the files that name the user", () => {
  expect(outsideHome(answer, "iris")).toEqual(["the lines that name it in /etc/security/limits.d/bots.conf"]);
  expect(outsideHome(answer, "loom")).toEqual([]);
});
