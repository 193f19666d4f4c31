import type { Asked, Reply, Tool } from "./reply.ts";

/** Returns a message that makes the model call the shell of the runtime: `SHELL <command> END`. */
export function shellTask(command: string): string {
  return `SHELL ${command} END`;
}

/** The names that the runtimes give to the tool that runs a command. */
const SHELLS = ["Bash", "bash", "exec_command", "shell_command", "shell", "terminal", "exec"];

/**
 * Returns the model's reply. For a `shellTask`, the model runs the command and then reports the result. For any other
 * message, the model repeats the end of the message.
 */
export function scripted({ last, tools }: Asked): Reply {
  if (last.isResult) return { text: "The command has ended." };
  const command = [...last.text.matchAll(/SHELL (.+?) END/g)].at(-1)?.[1];
  const shell = tools.find(({ name }) => SHELLS.includes(name));
  if (command === undefined || shell === undefined) return { text: `I read: ${last.text.trim().slice(-40)}` };
  return { tool: shell.name, input: inputOf(shell, command) };
}

function inputOf({ properties }: Tool, command: string): Readonly<Record<string, unknown>> {
  const key = "cmd" in properties ? "cmd" : "command";
  const isList = properties[key]?.type === "array";
  return {
    [key]: isList ? ["sh", "-c", command] : command,
    ...("description" in properties && { description: "a command of the tests" }),
  };
}
