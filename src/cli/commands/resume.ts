import { controlCommand } from "../control-command.ts";

export const command = controlCommand("resume", "end a pause, and start the paused agents or services");
