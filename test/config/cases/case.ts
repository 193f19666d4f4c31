/**
 * An invalid input: its title, a passage of the small fleet, the replacement, and each expected problem as it is
 * printed, without the name of fleet.yaml.
 */
export type Case = readonly [title: string, passage: string, replacement: string, ...problems: string[]];
