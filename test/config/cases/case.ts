/**
 * An invalid input: its title, a passage of the small fleet, its replacement, and the expected problems as they are
 * printed, without the name of fleet.yaml.
 */
export type Case = readonly [title: string, passage: string, replacement: string, ...problems: string[]];
