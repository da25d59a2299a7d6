// Validates the calls and results of every example: node check_examples.js DOCUMENT.json...
// Prints one line a fault, and a last one with how many examples were held against how many documents.

"use strict";

const fs = require("fs");
const Ajv = require("ajv");
const { MethodCallValidator, parseOpenRPCDocument } = require("@open-rpc/schema-utils-js");

function faultsOf(validator, method, example) {
  const params = Object.fromEntries(example.params.map((param) => [param.name, param.value]));
  const faults = [].concat(validator.validate(method.name, params)).map((fault) => fault.message);
  const ajv = new Ajv();
  if (!ajv.validate(method.result.schema, example.result.value)) faults.push(`result: ${ajv.errorsText()}`);
  return faults;
}

async function check(file) {
  const document = await parseOpenRPCDocument(JSON.parse(fs.readFileSync(file, "utf8")));
  const validator = new MethodCallValidator(document);
  let examples = 0;
  for (const method of document.methods) {
    for (const example of method.examples) {
      examples += 1;
      let faults;
      try {
        faults = faultsOf(validator, method, example);
      } catch (problem) {
        faults = [problem.message];
      }
      for (const fault of faults) console.log(`${file}: ${method.name}: ${example.name}: ${fault}`);
    }
  }
  return examples;
}

async function main(files) {
  let examples = 0;
  for (const file of files) examples += await check(file);
  console.log(`${examples} examples of ${files.length} documents`);
}

main(process.argv.slice(2)).catch((problem) => {
  console.log(String((problem && problem.message) || problem));
  process.exitCode = 1;
});
