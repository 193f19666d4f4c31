import { controlCommand } from "../control-command.ts";

export const command = controlCommand(
  "release",
  "release agents or services from quarantine, and start them",
);
