import { controlCommand, WHEN_IDLE } from "../control-command.ts";

export const command = controlCommand("restart", "restart agents or services", WHEN_IDLE);
