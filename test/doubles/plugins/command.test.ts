import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type RunningPlugin, startPlugin } from "./support.ts";

const LOCAL = "urn:pulumi:test::sky::command:local:Command::step";
const REMOTE = "urn:pulumi:test::sky::command:remote:Command::step";

let plugin: RunningPlugin;

beforeAll(async () => {
  plugin = await startPlugin("command", {});
});

afterAll(() => plugin.stop());

test("each of the commands `create`, `update` and `delete` gets the output of the previous command", async () => {
  const { id, inputs, state } = await plugin.made(LOCAL, {
    create: 'read line; echo "made $line $WHO"',
    update: 'echo "again, after $PULUMI_COMMAND_STDOUT"',
    delete: "exit 3",
    stdin: "it\n",
    environment: { WHO: "here" },
  });
  expect([id, state["stdout"]]).toEqual([expect.stringMatching(/^step[0-9a-f]{8}$/), "made it here"]);
  const updated = await plugin.engine.update(LOCAL, state, inputs);
  expect(updated.state["stdout"]).toBe("again, after made it here");
  const failed = await failureOf(plugin.engine.delete(LOCAL, id, updated.state));
  expect(failed.details).toBe('Process exited with status 3: running "exit 3":\n');
});

test("a changed trigger replaces the resource, and any other change only runs the command again", async () => {
  const connection = { host: "192.0.2.1" };
  const { inputs, failures } = await plugin.engine.check(REMOTE, {
    connection,
    create: "true",
    triggers: [1],
  });
  expect(failures).toEqual([]);
  expect(inputs["connection"]).toEqual({
    ...connection,
    ...{ user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 },
  });
  const state = { ...inputs, stdout: "", stderr: "" };
  expect(await plugin.engine.read(REMOTE, "step1", { inputs, state })).toMatchObject({
    id: "step1",
    state,
    inputs,
  });
  expect(await plugin.engine.diff(REMOTE, state, inputs)).toEqual({});
  expect(await plugin.engine.diff(REMOTE, state, { ...inputs, triggers: [2] })).toEqual({
    triggers: "update, replace",
  });
  expect(await plugin.engine.diff(REMOTE, state, { ...inputs, create: "false" })).toEqual({
    create: "update",
  });
});

test("a host that does not respond is contacted as many times as declared", async () => {
  const connection = { host: "127.0.0.1", port: await closedPort(), dialErrorLimit: 2, perDialTimeout: 1 };
  const failed = await failureOf(plugin.made(REMOTE, { connection, create: "true" }));
  expect(failed.details).toMatch(/^after 2 failed attempts: .*Connection refused/);
});

/** Finds a port that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
