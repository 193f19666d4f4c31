import { controlCommand } from "../control.ts";

export const command = controlCommand("stop", "stop an agent, until it is started or the next `pulumi up`");
