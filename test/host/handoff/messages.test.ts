import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { typeForAgent } from "../../../src/host/handoff/type-for-agent.ts";
import { writeMessage } from "../../../src/host/messages/message-store.ts";
import { makeWorld } from "../world.ts";
import { makeTwoHosts } from "./two-hosts.ts";

describe("a message to another agent", () => {
  test("waits until the other host can be reached, and ends with the verdict of that host", async () => {
    const { message, deliver, cut, typed, saved } = makeTwoHosts();
    const sent = message("iris", "loom", "are you", "there?");
    expect(sent).toMatchObject({ code: 5, json: [{ to: "loom", verdict: "waiting" }] });
    const id = sent.json[0].message;
    cut.add("east");
    await deliver("iris");
    expect(saved.get("iris")).toMatchObject({ waiting: 1, attempts: 1, error: "No route to host" });
    expect(typed).toEqual([]);
    cut.clear();
    for (let i = 0; i < 2; i += 1) await deliver("iris");
    expect(typed).toEqual(["iris -> loom: are you there?"]);
    expect(message("iris", "--id", id)).toMatchObject({ code: 0, json: [{ verdict: "accepted" }] });
    expect(saved.get("iris")).toMatchObject({ waiting: 0 });
  });

  test("finds its target by any column of the address book", async () => {
    const { message, home } = makeTwoHosts();
    const db = new DatabaseSync(join(home("iris"), "contacts.db"));
    db.exec(`CREATE TABLE contacts (name TEXT, display_name TEXT, github_handle TEXT);
      INSERT INTO contacts VALUES ('loom', 'Loom the Weaver', 'weaver'), ('arc', 'Arc', 'boss'), ('ann', 'Ann', 'boss2'),
        ('loom', 'both', ''), ('arc', 'Both', '')`);
    db.close();
    expect(message("iris", "Loom the weaver", "hi").json).toMatchObject([{ to: "loom" }]);
    expect(message("iris", "boss", "hi").json).toMatchObject([{ to: "arc" }]);
    expect(message("iris", "both", "hi").err).toContain(
      "several contacts in the address book match it: loom, arc",
    );
    expect(message("iris", "Ann", "hi")).toMatchObject({
      code: 1,
      err: expect.stringContaining("loom, arc"),
    });
  });

  test("is not sent if it is empty or contains a control character, or if the usage is wrong", () => {
    const { message } = makeTwoHosts();
    expect(message("iris", "loom", "a\u001bb")).toMatchObject({
      code: 1,
      err: expect.stringContaining("U+001B"),
    });
    expect(message("iris", "loom", " ")).toMatchObject({
      code: 1,
      err: expect.stringContaining("it is empty"),
    });
    expect(message("iris", "loom").code).toBe(2);
    expect(message("iris", "--id", "x")).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no such message"),
    });
  });

  test("speaks only for an agent of the sending host, and only to agents of its tenant", async () => {
    const { ask, typed } = makeTwoHosts({
      east: { iris: "north" },
      west: { loom: "north", sue: "south" },
    });
    const message = { id: "0123456789ab", target: "loom", text: "hi" };
    await expect(ask("east", { op: "message", source: "loom", target: "loom", message })).rejects.toThrow(
      "north has no agent loom on east",
    );
    await expect(ask("east", { op: "message", source: "iris", target: "sue", message })).rejects.toThrow(
      "north has no agent sue on this host",
    );
    const bad = { ...message, text: "x".repeat(300_000) };
    await expect(
      ask("east", { op: "message", source: "iris", target: "loom", message: bad }),
    ).rejects.toThrow("the request is invalid");
    expect(typed).toEqual([]);
  });

  test("waits if its sender has sent 60 messages to the same agent within an hour", async () => {
    const { host } = makeWorld();
    for (let i = 0; i < 60; i += 1)
      writeMessage(host, "loom", {
        ...{ id: `iris-${i}`, digest: "sha256:x", by: "agent iris on east" },
        ...{ time: new Date().toISOString(), stage: "entered", ends: {} },
      });
    const type = (id: string) =>
      typeForAgent(host, { agent: "iris", host: "east" }, "loom", { id, text: "one more" });
    await expect(type("0123456789ab")).rejects.toThrow(
      "loom has had 60 messages of this agent within an hour",
    );
  });
});
