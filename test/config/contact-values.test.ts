import { expect, test } from "vitest";
import { contactFlaw } from "../../src/config/contact-values.ts";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

test.each([
  // The first four addresses are examples from BIP 173, BIP 350 and the Bitcoin wiki.
  ["btc_address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
  ["btc_address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"],
  ["btc_address", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"],
  ["taproot_address", "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297"],
  ["stx_address", "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7"],
  ["stx_address", "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7.a-contract"],
  ["email", "iris+lab@mail.example.org"],
  ["github_handle", "iris-example"],
  ["x_handle", "iris_example"],
  ["website", "https://iris.example.org/a?b=c"],
  ["notes", "anything, even @@"],
])("%s can be %s", (column, value) => {
  expect(contactFlaw(column, value)).toBeUndefined();
});

test.each([
  ["btc_address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"],
  ["btc_address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"],
  ["btc_address", "bc1q"],
  // A version 1 address with the checksum of version 0; see BIP 350.
  ["btc_address", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4"],
  ["taproot_address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
  ["stx_address", "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ8"],
  ["stx_address", "S"],
  ["email", "iris"],
  ["email", "iris@localhost"],
  ["email", "iris..a@example.org"],
  ["email", "iris @example.org"],
  ["github_handle", "@iris"],
  ["github_handle", "iris--example"],
  ["x_handle", "iris-example"],
  ["x_handle", "a_very_long_handle"],
  ["website", "iris.example.org"],
  ["website", "javascript:alert(1)"],
])("%s cannot be %s", (column, value) => {
  expect(contactFlaw(column, value)).toMatch(/^is not /);
});

const withContact = (columns: string) => broken("contacts:", `contacts:\n  kay: ${columns}`);

test("an invalid value is an error with the line of the contact", () => {
  expect(lines(check(folder, withContact("{email: kay}")).problems)).toEqual([
    expect.stringMatching(/^fleet\.yaml:\d+:\d+ contacts\.kay\.email: "kay" is not an e-mail address$/),
  ]);
});

test("an operator or a link must be another contact", () => {
  const { problems } = check(folder, withContact("{operator: nobody, links: {noone: knows}}"));
  expect(lines(problems).map((line) => line.replace(/^\S+ /, ""))).toEqual([
    'contacts.kay.operator: there is no contact "nobody"',
    'contacts.kay.links.noone: there is no contact "noone"',
  ]);
});

test("notes can have several lines, and all links become one column", () => {
  const { fleet, problems } = check(
    folder,
    withContact('{notes: "one\\ntwo", links: {kay: knows}, operator: kay}'),
  );
  expect(lines(problems)).toEqual([]);
  expect(fleet?.contacts["kay"]?.columns).toEqual({
    notes: "one\ntwo",
    links: '{"kay":"knows"}',
    operator: "kay",
  });
});
