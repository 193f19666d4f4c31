/** A refused request, in the form in which the API returns it. */
export class ApiError extends Error {
  readonly status: number;
  /** The API's short name for the error, such as `not_found`. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, id: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.id = id;
    this.headers = headers;
  }
}

export function notFound(): ApiError {
  return new ApiError(404, "not_found", "The resource you were accessing could not be found.");
}

export function unprocessable(message: string): ApiError {
  return new ApiError(422, "unprocessable_entity", message);
}

/** Returns a refusal with the API's text for a status, or with the text that a test gives. */
export function refusalOf(status: number, message?: string, retryAfter?: number): ApiError {
  const [id, words] = WORDS[status] ?? ["server_error", "Unexpected server-side error"];
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return new ApiError(status, id, message ?? words, headers);
}

const WORDS: Readonly<Record<number, readonly [id: string, message: string]>> = {
  401: ["unauthorized", "Unable to authenticate you"],
  403: ["forbidden", "You are not authorized to perform this operation"],
  404: ["not_found", "The resource you were accessing could not be found."],
  422: ["unprocessable_entity", "Unprocessable Entity"],
  429: ["too_many_requests", "API rate limit exceeded."],
  503: ["service_unavailable", "Service is temporarily unavailable"],
};
