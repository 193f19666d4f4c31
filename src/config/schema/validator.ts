import { Ajv, type ErrorObject } from "ajv";
import snapshotSchema from "../../../docs/schema/report-snapshot.schema.json" with { type: "json" };
import contactsSchema from "../../../schema/contacts.schema.json" with { type: "json" };
import fleetSchema from "../../../schema/fleet.schema.json" with { type: "json" };

/** Checks a value against a schema and puts the problems into `errors`. */
export interface Validator {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null | undefined;
}

/**
 * Compiles the schemas when Muster runs from its sources. This takes 100 ms. The build therefore replaces this module
 * with code that ajv generates in advance (scripts/schema.ts).
 */
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  keywords: ["errorMessage"],
  code: { source: true, esm: true },
  schemas: {
    "contacts.schema.json": contactsSchema,
    "fleet.schema.json": fleetSchema,
    "report-snapshot.schema.json": snapshotSchema,
  },
});

export { ajv };
export const validateFleet: Validator = ajv.getSchema("fleet.schema.json") as Validator;
export const validateSnapshot: Validator = ajv.getSchema("report-snapshot.schema.json") as Validator;
