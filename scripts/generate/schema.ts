import contacts from "../../schema/contacts.schema.json" with { type: "json" };
import fleet from "../../schema/fleet.schema.json" with { type: "json" };

/** A node of a schema, with the keywords of JSON Schema that the two schemas use. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly dependencies?: Readonly<Record<string, readonly string[]>>;
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
  readonly allOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly then?: SchemaNode;
  readonly else?: SchemaNode;
  readonly not?: SchemaNode;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly errorMessage?: string;
}

/** The schemas, by the name that references use. */
export const SCHEMAS: Readonly<Record<string, SchemaNode>> = {
  "fleet.schema.json": fleet,
  "contacts.schema.json": contacts,
};

/**
 * Returns the node to which a reference leads. The node's own keywords, such as `description`, replace the keywords of
 * the target.
 */
export function resolveNode(node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node;
  const { $ref, ...own } = node;
  return { ...resolveNode(findNode($ref)), ...own };
}

function findNode(ref: string): SchemaNode {
  const [file = "", pointer = ""] = ref.split("#");
  const candidates = file === "" ? Object.values(SCHEMAS) : [SCHEMAS[file]];
  const steps = pointer.split("/").slice(1);
  for (const root of candidates) {
    let node: unknown = root;
    for (const step of steps) node = (node as Record<string, unknown> | undefined)?.[step];
    if (node !== undefined) return node as SchemaNode;
  }
  throw new Error(`the schemas have no ${ref}`);
}

/** A definition in the schemas that is a map with fixed keys, such as `agent`. */
export interface MapDefinition {
  readonly name: string;
  readonly node: SchemaNode;
}

/** Returns all maps with fixed keys, in the order of the schemas. */
export function mapDefinitions(): MapDefinition[] {
  return Object.values(SCHEMAS).flatMap((schema) =>
    Object.entries(schema.definitions ?? {})
      .filter(([, node]) => isMapDefinition(node))
      .map(([name, node]) => ({ name, node })),
  );
}

/** Returns the definition to which a node refers; undefined if the definition is not a map with fixed keys. */
export function mapDefinitionOf({ $ref = "" }: SchemaNode): MapDefinition | undefined {
  const [, name = ""] = /#\/definitions\/(\w+)$/.exec($ref) ?? [];
  return mapDefinitions().find((one) => one.name === name);
}

function isMapDefinition(node: SchemaNode): boolean {
  return node.properties !== undefined && typesOf(node).includes("object");
}

/** Returns the types of a node, such as `["object", "null"]`. */
export function typesOf({ type = [] }: SchemaNode): readonly string[] {
  return typeof type === "string" ? [type] : type;
}

/** Returns the two forms of a node that has a short and a long form; an empty list for all other nodes. */
export function formsOf(node: SchemaNode): readonly SchemaNode[] {
  for (const { then, else: other } of [node, ...(node.allOf ?? [])]) {
    if (then !== undefined && other !== undefined) return [then, other];
  }
  return [];
}
