// Tables and cases as JSON on stdin, the output of each case on stdout: the cells are judged by feelin, hit policy FIRST by us.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
const found = createRequire(process.argv[2] + "/").resolve("feelin");
const { unaryTest, evaluate } = await import(pathToFileURL(found));
const value = (r) => (r && typeof r === "object" && "value" in r ? r.value : r);
const known = new Map();
const fits = (cell, v) => {
  const key = cell + "|" + typeof v + "|" + v;
  if (!known.has(key)) known.set(key, cell === "-" || value(unaryTest(cell, { "?": v })) === true);
  return known.get(key);
};
const out = JSON.parse(readFileSync(0, "utf8")).map(({ inputs, rows, cases }) => cases.map((c) => {
  const row = rows.find((r) => r.cells.every((cell, i) => fits(cell, c[inputs[i]])));
  return row ? value(evaluate(row.output, {})) : null;
}));
console.log(JSON.stringify(out));
