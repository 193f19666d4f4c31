/** A command line's option with its value, where there is one. */
export function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}
