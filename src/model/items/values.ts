export type Scalar = string | number | boolean;

/** Flat properties by name. Observations and declarations have this same shape. */
export type Props = Readonly<Record<string, Scalar>>;

/** `sha256:<64 hex>` of the bytes; the bytes themselves travel beside the item, see Contents. */
export type Digest = `sha256:${string}`;

/** `secret:<64 hex>`: SHA-256 over `<salt>\0<bytes>`; never the value. The salt is the item's address. */
export type SecretDigest = `secret:${string}`;

/** The value of `content` for a secret on the host that is not the declared one. */
export const DIFFERENT = "different";

/** Bytes by digest, as UTF-8 text; sent only when the host needs them. */
export type Contents = Readonly<Record<Digest, string>>;

/** The content of a secret whose value is unknown here: the host compares it with what was applied. */
export const AS_DECLARED = "as declared";
