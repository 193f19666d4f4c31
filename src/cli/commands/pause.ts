import { controlCommand, WHEN_IDLE } from "../control-command.ts";

export const command = controlCommand(
  "pause",
  "stop agents or services until `fleet resume`; neither `up` nor a reboot starts them",
  WHEN_IDLE,
);
