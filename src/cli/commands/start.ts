import { controlCommand } from "../control.ts";

export const command = controlCommand("start", "start an agent that is stopped");
