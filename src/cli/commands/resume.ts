import { controlCommand } from "../control-command.ts";

export const command = controlCommand("resume", "end a pause or a park, and start the agents or services");
