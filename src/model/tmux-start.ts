import { RUN_PROGRAM, tmuxSocket } from "./host-paths.ts";

/**
 * Returns the words before the agent's program in the ExecStart= of its unit. `-f /dev/null` makes tmux ignore
 * the user's tmux configuration. tmux does not pass the program to a shell, because at least two words follow
 * `--`.
 */
export function tmuxStart(agent: string): readonly string[] {
  const tmux = ["/usr/bin/tmux", "-S", tmuxSocket(agent), "-f", "/dev/null"];
  return [...tmux, "new-session", "-d", "-s", agent, "-x", "200", "-y", "50", "--", RUN_PROGRAM];
}

/**
 * Escapes a word for tmux. tmux ends a command at a word that ends in `;`, unless a backslash precedes the semicolon.
 */
export function tmuxWord(word: string): string {
  return word.endsWith(";") ? `${word.slice(0, -1)}\\;` : word;
}
