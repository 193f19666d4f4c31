import { controlCommand } from "../start-stop.ts";

export const command = controlCommand(
  "stop",
  "stop an agent or a service until the next `fleet start` or `pulumi up`",
);
