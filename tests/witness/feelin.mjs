// Decision tables and cases as JSON on stdin, what each table says of each case as JSON on stdout.
//
// Rules: feelin (a FEEL engine by other people) judges every cell and works out every output; the seven hit policies of DMN are
// ours; a table that breaks its own hit policy says {"error": …} and nothing else.
//
// One table: {policy, aggregation, inputs: [FEEL], outputs: [{name, values: FEEL or null, default: FEEL or null}],
//             rows: [{cells: [FEEL], outputs: [FEEL]}], cases: [{name: value}]}
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(process.argv[2] + "/").resolve("feelin");
const { unaryTest, evaluate } = await import(pathToFileURL(found));
const plain = (r) => (r && typeof r === "object" && "value" in r ? r.value : r);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const judged = new Map(); // the same cell for the same value is asked once
const fits = (cell, value) => {
  if (cell === "-") return true;
  const key = cell + "|" + typeof value + "|" + value;
  if (!judged.has(key)) judged.set(key, plain(unaryTest(cell, { "?": value })) === true);
  return judged.get(key);
};

const worked = new Map(); // outputs are written as constants
const constant = (text) => {
  if (!worked.has(text)) worked.set(text, plain(evaluate(text, {})));
  return worked.get(text);
};

const order = (output) => (output.values === null ? null : plain(evaluate(`[${output.values}]`, {})));

// In the order of the listed output values, the first output column first; rows that are equal keep their order.
const ranked = (table, hits) => {
  const orders = table.outputs.map(order);
  const key = (row) => orders.map((o, i) => (o === null ? 0 : o.findIndex((v) => same(v, constant(row.outputs[i])))));
  return hits
    .map((row) => [key(row), row])
    .sort(([a], [b]) => a.map((x, i) => x - b[i]).find((d) => d !== 0) ?? 0)
    .map(([, row]) => row);
};

const named = (table, texts) =>
  texts.length === 1 ? constant(texts[0]) : Object.fromEntries(texts.map((t, i) => [table.outputs[i].name, constant(t)]));

const collected = {
  null: (all) => all,
  SUM: (all) => all.reduce((a, b) => a + b),
  MIN: (all) => Math.min(...all),
  MAX: (all) => Math.max(...all),
  COUNT: (all) => all.length,
};

const policies = {
  UNIQUE: (hits) => (hits.length > 1 ? { error: "more than one row fits" } : hits[0]),
  ANY: (hits) => (hits.some((h) => !same(h, hits[0])) ? { error: "rows that fit say different things" } : hits[0]),
  FIRST: (hits) => hits[0],
  PRIORITY: (hits) => hits[0],
  "RULE ORDER": (hits) => hits,
  "OUTPUT ORDER": (hits) => hits,
  COLLECT: (hits, table) => collected[table.aggregation](hits),
};

const decide = (table, facts) => {
  const values = table.inputs.map((expression) => (expression in facts ? facts[expression] : plain(evaluate(expression, facts))));
  let hits = table.rows.filter((row) => row.cells.every((cell, i) => fits(cell, values[i])));
  if (!hits.length) {
    const defaults = table.outputs.map((o) => o.default);
    return defaults.every((d) => d !== null) ? named(table, defaults) : null;
  }
  if (["PRIORITY", "OUTPUT ORDER"].includes(table.policy)) hits = ranked(table, hits);
  return policies[table.policy](hits.map((row) => named(table, row.outputs)), table);
};

const tables = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(tables.map((table) => table.cases.map((facts) => decide(table, facts) ?? null))));
