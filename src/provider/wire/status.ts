import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import status_pb from "@pulumi/pulumi/proto/status_pb.js";
import any_pb from "google-protobuf/google/protobuf/any_pb.js";
import { InvalidError, MusterError, UnreachableError } from "../../base/errors.ts";
import { messageOf, PartialError } from "./partial-error.ts";
import { encode } from "./struct.ts";

/**
 * Returns the gRPC status for an error. UNKNOWN and INTERNAL are not used, because the engine would then mark the state
 * as possibly corrupt.
 */
export function toStatus(error: unknown): Partial<ServiceError> {
  if (error instanceof PartialError) return partial(error);
  return { code: codeOf(error), details: messageOf(error) };
}

function codeOf(error: unknown): status {
  if (error instanceof UnreachableError) return status.UNAVAILABLE;
  if (error instanceof InvalidError) return status.INVALID_ARGUMENT;
  if (error instanceof MusterError) return status.FAILED_PRECONDITION;
  return status.INTERNAL;
}

/**
 * Returns the status for a partial failure. The engine recognizes such a failure by the details of an UNKNOWN status.
 */
function partial(error: PartialError): Partial<ServiceError> {
  const failed = new provider_pb.ErrorResourceInitFailed();
  failed.setId(error.id);
  failed.setInputs(encode(error.inputs));
  failed.setProperties(encode(error.state));
  failed.setReasonsList([...error.reasons]);
  failed.setRefreshBeforeUpdate(true);
  const any = new any_pb.Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const details = new status_pb.Status();
  details.setCode(status.UNKNOWN);
  details.setMessage(error.message);
  details.setDetailsList([any]);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(details.serializeBinary()));
  return { code: status.UNKNOWN, details: error.message, metadata };
}
