/** The unique name of a resource: `urn:pulumi:<stack>::<project>::<parents$type>::<name>`. */
export interface Urn {
  readonly text: string;
  readonly name: string;
  /** The type's token, such as `muster:index:Identity`. */
  readonly token: string;
  /** The type without its package, such as `Identity`. */
  readonly type: string;
  /** The stack that owns the resource on its host, as `<project>/<stack>`. */
  readonly owner: string;
}

/** Parses a URN. The name in a URN can itself contain `::`. */
export function parseUrn(text: string): Urn {
  const [stack = "", project = "", types = "", ...name] = text.replace(/^urn:pulumi:/, "").split("::");
  const token = types.split("$").at(-1) ?? "";
  const type = token.split(":").at(-1) ?? "";
  return { text, name: name.join("::"), token, type, owner: `${project}/${stack}` };
}
