export type Scalar = string | number | boolean;

/** Properties by name, without nesting. Declarations and observations both have this form. */
export type Props = Readonly<Record<string, Scalar>>;

/** The digest of a text: `sha256:<64 hex digits>`. The text itself is sent separately; see Contents. */
export type Digest = `sha256:${string}`;

/**
 * The digest of a secret: `secret:<64 hex digits>`, the SHA-256 of `<salt>\0<bytes>`. The salt is the item's address.
 */
export type SecretDigest = `secret:${string}`;

/** The observed value of `content` if the secret on the host is not the declared secret. */
export const DIFFERENT = "different";

/** Texts by their digest. A text is sent only when the host needs it. */
export type Contents = Readonly<Record<Digest, string>>;

/**
 * The text in `content` of a declared secret if no digest of the secret is given. A host that receives this value
 * compares its file with the secret that was last applied.
 */
export const AS_DECLARED = "as declared";
