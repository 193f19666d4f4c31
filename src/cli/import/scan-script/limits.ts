/** The maximum size in bytes of an identity file, and of any other file that the scan reads. */
export const MOST_TEXT = 1_000_000;
export const MOST_OTHER = 262_144;
