import { describe, expect, test } from "vitest";
import { resolveNode, SCHEMAS, type SchemaNode } from "../../scripts/generate/schema.ts";
import { ajv } from "../../src/config/schema/validator.ts";

interface Key {
  /** A reference to the key, such as `fleet.schema.json#/definitions/agent/properties/host`. */
  readonly ref: string;
  readonly node: SchemaNode;
}

function keysOf(ref: string, { properties = {} }: SchemaNode): Key[] {
  return Object.entries(properties).map(([key, node]) => ({ ref: `${ref}/properties/${key}`, node }));
}

const keys = Object.entries(SCHEMAS).flatMap(([file, schema]) => [
  ...keysOf(`${file}#`, schema),
  ...Object.entries(schema.definitions ?? {}).flatMap(([name, node]) =>
    keysOf(`${file}#/definitions/${name}`, node),
  ),
]);

describe.each(keys)("the schema $ref", ({ ref, node }) => {
  const { title, description, examples = [], default: fallback } = resolveNode(node);

  test("has a title, a description and an example", () => {
    expect(title).toMatch(/^\S/);
    expect(description).toMatch(/^\S.*\.$/);
    expect(examples).not.toEqual([]);
  });

  test("accepts its own examples and its default", () => {
    const validate = ajv.compile({ $ref: ref });
    for (const value of [...examples, ...(fallback === undefined ? [] : [fallback])]) {
      expect({ value, isValid: validate(value) }).toEqual({ value, isValid: true });
    }
  });
});
