/** The Pulumi program: what the language host runs. */
import { RunError } from "@pulumi/pulumi";
import { MusterError } from "../base/errors.ts";
import { deployFleet } from "./deploy.ts";

// The SDK takes a stack trace for every promise and resource, a third of its time; no person is shown one.
Error.stackTraceLimit = 0;

try {
  deployFleet();
} catch (error) {
  // The SDK prints the message of a RunError alone, and of any other error where in our code it was thrown.
  throw error instanceof MusterError ? new RunError(error.message) : error;
}
