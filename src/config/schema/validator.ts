import { Ajv, type ErrorObject } from "ajv";
import contactsSchema from "../../../schema/contacts.schema.json" with { type: "json" };
import fleetSchema from "../../../schema/fleet.schema.json" with { type: "json" };

/** Checks a value against a schema and leaves what is wrong in `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null | undefined;
}

/**
 * The two schemas, compiled. The sources compile them here at start, which takes 100 ms; the build replaces this whole
 * module by the code that ajv generates (scripts/schema.ts).
 */
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  keywords: ["errorMessage"],
  code: { source: true, esm: true },
  schemas: { "contacts.schema.json": contactsSchema, "fleet.schema.json": fleetSchema },
});

export { ajv };
export const validateFleet: Validator = ajv.getSchema("fleet.schema.json") as Validator;
export const validateContacts: Validator = ajv.getSchema("contacts.schema.json") as Validator;
