import { deployFleet } from "./deploy.ts";

deployFleet();
