import { isDeepStrictEqual } from "node:util";
import provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { Secret } from "../../base/secret.ts";
import type { Config } from "../resolve-secrets.ts";
import { decode } from "./struct.ts";

/**
 * Returns the stack's `muster:*` configuration. Every value is handled as a secret, even if it is plain text
 * in the stack file.
 */
export function configOf(request: provider_pb.ConfigureRequest): Config {
  const values = Object.entries(decode(request.getArgs())).flatMap(([name, value]) =>
    value instanceof Secret || typeof value === "string" ? [[name, asSecret(value)] as const] : [],
  );
  return new Map(values);
}

function asSecret(value: Secret | string): Secret {
  return value instanceof Secret ? value : new Secret(value);
}

export function configured(): provider_pb.ConfigureResponse {
  const response = new provider_pb.ConfigureResponse();
  response.setAcceptsecrets(true);
  response.setSupportspreview(true);
  return response;
}

/** Accepts any configuration. */
export function checkedConfig(request: provider_pb.CheckRequest): provider_pb.CheckResponse {
  const response = new provider_pb.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

/**
 * Reports which configuration values have changed. If a value has changed, the engine calls the check of each resource
 * with the new values, and this check finds a rotated secret.
 */
export function diffedConfig(request: provider_pb.DiffRequest): provider_pb.DiffResponse {
  const olds = plain(request.getOldInputs() ?? request.getOlds());
  const news = plain(request.getNews());
  const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  const changed = names.filter((name) => !isDeepStrictEqual(olds[name], news[name]));
  const response = new provider_pb.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = provider_pb.DiffResponse.DiffChanges;
  response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(changed);
  return response;
}

function plain(struct: Struct | undefined): Record<string, unknown> {
  return struct === undefined ? {} : (struct.toJavaScript() as Record<string, unknown>);
}
