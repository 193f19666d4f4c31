/** The Pulumi program: what the language host runs. */
import { RunError } from "@pulumi/pulumi";
import { MusterError } from "../base/errors.ts";
import { deployFleet } from "./deploy.ts";

try {
  deployFleet();
} catch (error) {
  // The SDK prints the message of a RunError alone, and of any other error where in our code it was thrown.
  throw error instanceof MusterError ? new RunError(error.message) : error;
}
