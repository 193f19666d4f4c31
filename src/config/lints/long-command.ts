import { tmuxStart } from "../../model/tmux-start.ts";
import type { Lint } from "./lint.ts";

/**
 * The maximum size in bytes of a command that tmux sends to its server. The size includes a zero byte after each word.
 */
const MOST = 16_300;

/** Refuses a command that is too long for tmux, because an agent with this command cannot start. */
export const longCommand: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap(({ name, command }) => {
    const words = [...tmuxStart(name), ...command];
    const size = words.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
    if (size <= MOST) return [];
    return [
      {
        keys: ["agents", name, "command"],
        sentence: `has ${size} bytes, more than the ${MOST} bytes that tmux accepts: write the text to a file, and name the file`,
      },
    ];
  });
