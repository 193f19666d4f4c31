import { controlCommand } from "../control-command.ts";

export const command = controlCommand("start", "start agents or services that are stopped");
