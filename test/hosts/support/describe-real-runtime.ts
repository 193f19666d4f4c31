import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ModelApi,
  type ModelRequest,
  modelApi,
  scripted,
  shellTask,
} from "../../doubles/models/index.ts";
import { apiIdentity } from "./api-identity.ts";
import { filesWith, hostFilesWith } from "./canaries.ts";
import { killedSend, untilAccepted } from "./killed-send.ts";
import { must } from "./project.ts";
import { LONG, SEED } from "./random.ts";
import { isTask, messageCounter, randomMessages } from "./random-messages.ts";
import { hasRuntime, type RealAgent, realAgent, SETUP_TIME } from "./real-runtimes.ts";

/** The facts about a runtime that the tests need. */
export interface RealRuntime {
  readonly runtime: string;
  /** The text on the terminal when the runtime waits for a message. */
  readonly prompt: RegExp;
  /**
   * The path of the records of conversations, relative to the home. Undefined if Muster does not choose the
   * conversations of the runtime.
   */
  readonly records?: string;
  /** Whether Muster changes the provider of this runtime with a restart. */
  readonly failsOver: boolean;
  /** A command that opens a dialog, and the question of this dialog. Undefined if the runtime has no such command. */
  readonly dialog?: { readonly command: string; readonly question: RegExp };
  /** Sends a message to the agent. If absent, the message is typed into the agent's terminal. */
  readonly say?: (agent: RealAgent, message: string) => Promise<void>;
  /** Files of the agent's identity in addition to those of the example. */
  readonly identityFiles?: object;
  /** Whether the deadman can find lost turns of the runtime. */
  readonly hasLostTurns: boolean;
  /** A script for the host, which runs while the host still has a route. */
  readonly prepare?: string;
}

/** The number of messages to each of the four runtimes with `fleet send`. */
const MESSAGES = LONG ? 50 : 5;
/** The longest time in milliseconds until a runtime has answered. OpenClaw needs a minute to start on a busy machine. */
const PATIENCE = { timeout: 180_000 };

/** The longest time in milliseconds for all attempts of one message. A retry can wait for 30 s. */
const MESSAGE_TIME = 180_000;

/** The number of turns of work after which there must be no drift. */
const TURNS = 20;

/** A row of `fleet ps --json`. */
interface AgentRow {
  readonly flags: readonly string[];
  readonly state: string;
  readonly blocked?: string;
  readonly beat?: string;
  readonly beatFor?: number;
}

/** Declares the tests that every real runtime must pass. The runtime runs in a unit on a local host. */
export async function describeRealRuntime(of: RealRuntime): Promise<void> {
  const { runtime, prompt, records, failsOver, dialog, prepare, hasLostTurns } = of;
  const isHere = await hasRuntime(runtime);
  describe.skipIf(!isHere)(`the real ${runtime}`, () => {
    let api: ModelApi;
    let agent: RealAgent;
    const unit = () => `muster-agent-${agent.name}.service`;
    const property = (name: string) => agent.onHost(`systemctl show -P ${name} ${unit()}`);
    const atPrompt = () => expect.poll(() => agent.pane(), PATIENCE).toMatch(prompt);
    const say = (message: string) => of.say?.(agent, message) ?? agent.say(message);
    const row = async () => {
      const { stdout } = await agent.project.fleet(["ps", "--json"]);
      return (JSON.parse(stdout) as { agents: AgentRow[] }).agents[0] as AgentRow;
    };
    const turn = async (message: string) => {
      const before = api.requests.length;
      await say(message);
      await expect
        .poll(
          () =>
            api.requests
              .slice(before)
              .map(({ last }) => last)
              .join(),
          PATIENCE,
        )
        .toContain(message);
    };

    /** Returns the model request that contains a message. Ignores requests without tools, with which some runtimes request a title. */
    const requestWith = async (message: string): Promise<ModelRequest> => {
      const find = () => api.requests.find((one) => one.offersTools && one.last.includes(message));
      await expect.poll(find, PATIENCE).toBeDefined();
      return find() as ModelRequest;
    };

    /** Returns the details of the events about new conversations. */
    const newConversations = async () => {
      const { stdout } = await agent.project.fleet(["history", "--json"]);
      const { events } = JSON.parse(stdout) as { events: { event: string; detail?: string }[] };
      return events.flatMap(({ event, detail = "" }) => (event === "new-conversation" ? [detail] : []));
    };

    beforeAll(async () => {
      const identity = apiIdentity();
      api = await modelApi(identity);
      agent = await realAgent(
        runtime,
        { port: api.port, authority: identity.authority },
        { prepare, files: of.identityFiles },
      );
    }, SETUP_TIME);

    afterAll(async () => {
      await agent?.project.dispose();
      await api?.close();
    });

    test("starts detached, reaches its prompt without a question, and keeps running", async () => {
      await atPrompt();
      console.log(`${runtime}: ${agent.secondsSinceUp()} s from the start of \`up\` to the prompt`);
      const run = await property("InvocationID");
      const fds = await agent.onHost(
        `pid=$(runuser -u ${agent.name} -- tmux -S /run/muster-${agent.name}/tmux list-panes -F '#{pane_pid}')
         for fd in 0 1 2; do readlink /proc/$(pgrep -P $pid | head -1)/fd/$fd; done | sort -u`,
      );
      expect(fds).toMatch(/^\/dev\/pts\/\d+$/);
      await turn("good morning");
      expect(await property("InvocationID")).toBe(run);
      expect((await must(agent.project.fleet(["ps"]))).stdout).toMatch(
        new RegExp(`${agent.name} .* running`),
      );
    });

    test("has a route only to the machine of the tests", async () => {
      expect(await agent.onHost("ip route show default; ip -6 route show default")).toBe("");
      const dial = "timeout 5 bash -c ': </dev/tcp/192.0.2.1/443' 2>&1 | grep -om1 unreachable || true";
      expect(await agent.onHost(`runuser -u ${agent.name} -- sh -c ${JSON.stringify(dial)}`)).toBe(
        "unreachable",
      );
    });

    test("sends the declared model and key, and a sentence of its SOUL.md", async () => {
      const sent = await requestWith("good morning");
      expect([sent.model, sent.key]).toEqual([agent.model, agent.key]);
      expect(sent.body).toContain(agent.sentence);
    });

    test("writes a file with a tool, in a unit with an exposure of at most 2.1", async () => {
      await turn(`please ${shellTask("pwd >tool.txt")}`);
      const read = () => agent.onHost(`cat /home/${agent.name}/tool.txt 2>/dev/null || true`);
      await expect.poll(read, PATIENCE).toBe(`/home/${agent.name}`);
      const level = await agent.onHost(`systemd-analyze security --no-pager ${unit()} | tail -1`);
      const [, exposure = "10"] = /: (\d+\.\d+) /.exec(level) ?? [];
      expect(Number(exposure)).toBeLessThanOrEqual(2.1);
    });

    test("is restarted after it was killed, in the same conversation", async () => {
      const before = await property("InvocationID");
      await agent.onHost(`systemctl kill -s KILL ${unit()}`);
      await expect.poll(() => property("InvocationID"), PATIENCE).not.toBe(before);
      await atPrompt();
      await turn("good evening");
      expect((await requestWith("good evening")).body).toContain("good morning");
    });

    test("is started by a reboot of its host, in the same conversation", async () => {
      const boot = () => agent.onHost("cat /proc/sys/kernel/random/boot_id").catch(() => "");
      const before = await boot();
      await agent.onHost("systemctl reboot").catch(() => "");
      await expect.poll(boot, PATIENCE).not.toMatch(new RegExp(`^$|${before}`));
      expect(await agent.onHost("ip route show default; ip -6 route show default")).toBe("");
      await atPrompt();
      await turn("good night");
      expect((await requestWith("good night")).body).toContain("good evening");
      expect(await newConversations()).toEqual([]);
    });

    if (failsOver)
      test("continues its conversation after `up` and after a failover", async () => {
        await agent.addSpareProvider();
        const history = () => agent.project.fleet(["history"]).then(({ stdout }) => stdout);
        await expect.poll(history, PATIENCE).toContain("failed-over");
        await expect.poll(() => property("DropInPaths"), PATIENCE).toContain("muster-provider-spare.conf");
        await atPrompt();
        await turn("after the failover");
        expect((await requestWith("after the failover")).body).toContain("good night");
      });

    if (records !== undefined)
      test("shows IDENTITY-OLD after a change of SOUL.md, and its next start begins a new conversation", async () => {
        const run = await property("InvocationID");
        agent.project.write(`identities/${agent.name}.md`, "# A new soul\n\nYou like marzipan.\n");
        const preview = await must(agent.project.pulumi(["preview"]));
        expect(preview.all).toContain("its next start begins a new conversation");
        await must(agent.project.pulumi(["up", "--yes", "--skip-preview"]));
        await expect.poll(async () => (await row()).flags, PATIENCE).toContain("IDENTITY-OLD");
        expect(await property("InvocationID")).toBe(run);
        await must(agent.project.fleet(["restart", agent.name]));
        await atPrompt();
        await turn("a new day");
        const { body } = await requestWith("a new day");
        expect([body.includes("marzipan"), body.includes("good night")]).toEqual([true, false]);
        expect((await row()).flags).not.toContain("IDENTITY-OLD");
        expect(await newConversations()).toEqual([expect.stringContaining("its identity has changed")]);
      });

    if (records !== undefined)
      test("begins one new conversation if the records are lost, and says so in the history", async () => {
        const before = await property("InvocationID");
        await agent.onHost(
          `systemctl kill -s STOP ${unit()}; rm -rf /home/${agent.name}/${records}; systemctl kill -s KILL ${unit()}`,
        );
        await expect.poll(() => property("InvocationID"), PATIENCE).not.toBe(before);
        await atPrompt();
        await turn("a lost day");
        expect((await requestWith("a lost day")).body).not.toContain("a new day");
        expect(await newConversations()).toEqual([
          expect.stringContaining("its identity has changed"),
          expect.stringContaining("its home contains no record"),
        ]);
      });

    if (dialog !== undefined)
      test("is BLOCKED with the question while a dialog is open", async () => {
        const flagged = async () => {
          const { flags, blocked } = await row();
          return flags.includes("BLOCKED") ? blocked : "not blocked";
        };
        await agent.say(dialog.command);
        // The test does not wait for two minutes. Instead, tmux writes its file soon, and the test sets an older time
        // for the terminal.
        const tmux = `runuser -u ${agent.name} -- tmux -S /run/muster-${agent.name}/tmux`;
        await agent.onHost(`${tmux} set-option -w monitor-silence 2`);
        const older = `touch -m -d -130sec $(${tmux} list-panes -F '#{pane_tty}')`;
        await expect.poll(() => agent.onHost(older).then(flagged), PATIENCE).toMatch(dialog.question);
        await agent.onHost(`${tmux} send-keys Escape`);
        await expect.poll(flagged, PATIENCE).toBe("not blocked");
        await atPrompt();
      });

    test("reports that it works, and that it is idle again", async () => {
      await expect.poll(row, PATIENCE).toMatchObject({ state: "running", beat: "idle" });
      await turn(`please ${shellTask("sleep 8")}`);
      await expect.poll(row, { ...PATIENCE, interval: 100 }).toMatchObject({ beat: "busy" });
      await expect.poll(row, PATIENCE).toMatchObject({ beat: "idle" });
      expect((await row()).beatFor).toBeLessThan(60);
    });

    if (hasLostTurns)
      test("has its lost turn in the history after its provider has failed", async () => {
        // The runtime does not try again after this error, so the test does not wait for repetitions.
        api.fail(100, 400);
        await turn("good luck");
        const events = async () => (await must(agent.project.fleet(["history"]))).stdout;
        await expect.poll(events, PATIENCE).toMatch(new RegExp(`${agent.name} +turn-lost +\\S`));
        api.fail(0, 400);
        await turn("good luck again");
        await expect.poll(row, PATIENCE).toMatchObject({ beat: "idle" });
      });

    if (of.say === undefined)
      test(
        `accepts each of ${MESSAGES} messages exactly once, although each first attempt is killed`,
        async () => {
          console.log(`real ${runtime}: MUSTER_SEED=${SEED}`);
          api.answer((asked) => (isTask(asked) ? scripted(asked) : { text: "Noted." }));
          const messages = randomMessages(SEED, MESSAGES);
          for (const { id, text, victim, after } of messages) {
            const words = ["send", agent.name, "-", "--id", id, "--verify", "--json"];
            const send = { host: "box", agent: agent.name, words, text, victim, after };
            const verdicts = [
              await killedSend(agent.project, send),
              ...(await untilAccepted(agent.project, words, text)),
            ];
            expect(verdicts.at(-1), `seed ${SEED}, ${id}: ${verdicts}`).toMatch(/^(accepted|queued)$/);
            const allowed = /^(|accepted|queued|unconfirmed|refused)$/;
            expect(verdicts.filter((verdict) => !allowed.test(verdict))).toEqual([]);
          }
          const count = messageCounter(messages.map(({ text }) => text));
          const counts = () => count(api.requests);
          await expect.poll(counts, { ...PATIENCE, message: `seed ${SEED}` }).toEqual(messages.map(() => 1));
          api.answer();
        },
        MESSAGES * MESSAGE_TIME,
      );

    test(`leaves no drift after ${TURNS} turns`, async () => {
      for (let i = 1; i <= TURNS; i++) await turn(`count ${i} of ${TURNS}`);
      expect((await must(agent.project.fleet(["drift"]))).stdout).toContain("no drift");
    });

    test("leaves its secrets only in the declared files and in its environment", async () => {
      const names = Object.keys(agent.secrets);
      expect((await hostFilesWith(agent.secrets, agent.project, "box")).toSorted()).toEqual(
        names.map((name) =>
          expect.stringMatching(`^/var/lib/muster/credentials/${agent.name}/[^/]+: ${name}$`),
        ),
      );
      expect(filesWith(agent.secrets, agent.project.dir)).toEqual([]);
      const seen = await agent.onHost(`cat /proc/[0-9]*/cmdline; systemctl show ${unit()}; journalctl`);
      for (const secret of Object.values(agent.secrets)) {
        expect(await agent.pane()).not.toContain(secret);
        expect(seen).not.toContain(secret);
      }
    });
  });
}
