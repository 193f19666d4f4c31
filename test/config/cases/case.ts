/**
 * One wrong input: what it is, the passage of the small fleet to replace, by what, and each problem that
 * must be told, as it is printed without the name of fleet.yaml.
 */
export type Case = readonly [title: string, passage: string, replacement: string, ...problems: string[]];
