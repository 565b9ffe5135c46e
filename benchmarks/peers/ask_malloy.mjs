// The factors and composites of a task as measures of Malloy; the second argument is the folder that has its packages.

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.argv[3]}/`));
const { DuckDBConnection } = require("@malloydata/db-duckdb");
const { SingleConnectionRuntime } = require("@malloydata/malloy");

const task = JSON.parse(readFileSync(process.argv[2], "utf8"));

const condition = (one) => `touchpoint = '${one.touchpoint}' and event = '${one.event}' and (`
    + one.results.map((result) => `result = '${result}'`).join(" or ") + ")";

const aggregates = {
    count: "count()",
    mean: "latency_ms.avg()",
    share: "avg(pick 1 when score >= 9 pick 0 when score is not null else null)",
};

const factor = (one) => `  measure: ${one.id} is ${aggregates[one.kind]} { where: ${condition(one)} }`;

// From 0 to 100; nothing of the benchmark is beyond.
const scored = (one) => `((${one.id} - ${one.anchors[0]}) * ${100 / (one.anchors[1] - one.anchors[0])})`;

const composite = (one, scores) => {
    const total = one.children.reduce((sum, [, weight]) => sum + weight, 0);
    return one.children.map(([child, weight]) => `${scores.get(child) ?? child} * ${weight / total}`).join(" + ");
};

const began = performance.now();
const listed = task.files.map((path) => `'${path}'`).join(", ");
const scores = new Map(task.factors.map((one) => [one.id, scored(one)]));
const names = [...task.factors, ...task.composites].map((one) => one.id);
const model = [
    `source: events is duckdb.sql("""SELECT * FROM read_parquet([${listed}])""") extend {`,
    ...task.factors.map(factor),
    ...task.composites.map((one) => `  measure: ${one.id} is ${composite(one, scores)}`),
    "}",
].join("\n");
const connection = new DuckDBConnection({ name: "duckdb" });
const runtime = new SingleConnectionRuntime({ connection });
const query = runtime.loadModel(model).loadQuery(`run: events -> { aggregate: ${names.join(", ")} }`);
const sql = await query.getSQL();
const compiled = performance.now();
const { rows } = await connection.runSQL(sql);
const executed = performance.now();
writeFileSync(task.answer, JSON.stringify(rows[0]));
console.log(JSON.stringify({ compile: (compiled - began) / 1000, execute: (executed - compiled) / 1000 }));
process.exit(0);
