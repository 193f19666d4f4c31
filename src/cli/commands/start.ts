import { controlCommand } from "../start-stop.ts";

export const command = controlCommand("start", "start an agent or a service that is stopped");
