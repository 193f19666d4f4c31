import { controlCommand } from "../start-stop.ts";

export const command = controlCommand(
  "stop",
  "stop an agent or a service, until it is started or the next `pulumi up`",
);
