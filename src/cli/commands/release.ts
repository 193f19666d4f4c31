import { controlCommand } from "../start-stop.ts";

export const command = controlCommand("release", "free an agent or a service from quarantine, and start it");
