import { controlCommand } from "../control-command.ts";

export const command = controlCommand(
  "stop",
  "stop agents or services until the next `fleet start` or `pulumi up`",
);
