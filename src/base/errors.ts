/**
 * An error that is shown to people. Its parts say what failed, why it failed, and what to do next. `where`
 * names the host, file or resource.
 */
export class MusterError extends Error {
  override readonly name: string = "MusterError";
  readonly what: string;
  readonly why: string;
  readonly next: string | undefined;
  readonly where: string | undefined;

  constructor(parts: { what: string; why: string; next?: string; where?: string; cause?: unknown }) {
    super(sentence(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.what = parts.what;
    this.why = parts.why;
    this.next = parts.next;
    this.where = parts.where;
  }
}

/**
 * Reports that fleet.yaml, the configuration or an argument is invalid. A command exits with code 2 after this error.
 */
export class InvalidError extends MusterError {
  override readonly name = "InvalidError";
}

/** Reports that a host is unreachable, so its state is unknown. A command exits with code 4 after this error. */
export class UnreachableError extends MusterError {
  override readonly name = "UnreachableError";
}

function sentence(parts: { what: string; why: string; next?: string; where?: string }): string {
  const where = parts.where === undefined ? "" : `${parts.where}: `;
  const next = parts.next === undefined ? "" : `${/[.!?:]$/.test(parts.why) ? "" : "."} ${parts.next}`;
  return `${where}${parts.what}: ${parts.why}${next}`;
}
