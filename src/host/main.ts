/**
 * The host runtime. `host.mjs agent …` serves agents and dispatchers with their own rights, as the program `muster`,
 * `fleet-handoff` or `muster-session`. `host.mjs handoff-step` is one step of the delivery of handoffs, and
 * `host.mjs usage-databases` reads the databases of an agent's runtime; hostd starts both as an agent's user. All other
 * commands are root's. Each part is loaded only when it is needed, because a dispatcher runs this program before every
 * task.
 */
const [command, verb, ...words] = process.argv.slice(2);
if (command === "agent" && verb === "route")
  void import("./routing/route-command.ts").then(({ runRoute }) => {
    process.exitCode = runRoute(words);
  });
else if (command === "agent" && verb === "task")
  void import("./tasks/task-command.ts").then(({ runTask }) => {
    process.exitCode = runTask(words);
  });
else if (command === "agent" && verb === "handoff")
  void import("./handoff/handoff-command.ts").then(({ runHandoff }) => {
    process.exitCode = runHandoff(words);
  });
else if (command === "agent" && verb === "conversation")
  void import("./conversations/hermes-conversation.ts").then(({ printConversation }) => {
    process.exitCode = printConversation(words);
  });
else if (command === "agent" && verb === "message")
  void import("./handoff/message-command.ts").then(({ runMessage }) => {
    process.exitCode = runMessage(words);
  });
else if (command === "agent" && verb === "self-sync")
  void import("./checkouts/self-sync-command.ts").then(async ({ runSelfSync }) => {
    process.exitCode = await runSelfSync(words);
  });
else if (command === "handoff-step")
  void import("./handoff/handoff-step.ts").then(({ runStep }) => {
    process.exitCode = runStep([verb ?? "", ...words]);
  });
else if (command === "usage-databases")
  void import("./usage/usage-command.ts").then(({ runDatabases }) => {
    process.exitCode = runDatabases(process.argv.slice(3));
  });
else if (command === "agent") {
  process.stderr.write(
    "usage: muster route [TEXT...] | muster task add|list|next|done|fail ... | muster message CONTACT TEXT | muster self-sync\n",
  );
  process.exitCode = 2;
} else void import("./root-commands.ts");
