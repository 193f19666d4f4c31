import { controlCommand } from "../control.ts";

export const command = controlCommand("release", "free an agent from quarantine, and start it");
