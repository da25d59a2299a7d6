// What JSON schemas say, as rows for people: a path, a type, limits, a description.

const MAX_DEPTH = 6;

export function resolve(node, document) {
  for (let hops = 0; node && node.$ref && hops < 8; hops += 1) {
    const found = node.$ref.slice(2).split("/").reduce((place, key) => place && place[key], document);
    node = { ...found, ...(node.description ? { description: node.description } : {}) };
  }
  return node || {};
}

function isObject(schema) {
  return schema.type === "object" || Boolean(schema.properties);
}

export function typeOf(node, document) {
  const schema = resolve(node, document);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice, document)))].join(" | ");
  if (schema.type === "array") {
    const items = schema.items ? typeOf(schema.items, document) : "any";
    return items.includes(" | ") ? `list of (${items})` : `list of ${items}`;
  }
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  const format = schema.format || schema["x-format"];
  if (schema.type) return format ? `${schema.type} (${format})` : schema.type;
  return schema.properties ? "object" : "any";
}

function range(low, high, noun) {
  if (low === undefined && high === undefined) return "";
  if (low === high) return `exactly ${low}${noun}`;
  if (low === undefined) return `at most ${high}${noun}`;
  if (high === undefined) return `at least ${low}${noun}`;
  return `${low} to ${high}${noun}`;
}

export function limitsOf(node, document) {
  const schema = resolve(node, document);
  const limits = [
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minimum, schema.maximum, ""),
    range(schema.minItems, schema.maxItems, " items"),
    range(schema.minProperties, schema.maxProperties, " members"),
  ];
  if (schema.exclusiveMinimum !== undefined) limits.push(`more than ${schema.exclusiveMinimum}`);
  if (schema.exclusiveMaximum !== undefined) limits.push(`less than ${schema.exclusiveMaximum}`);
  if (schema.multipleOf !== undefined) limits.push(`in steps of ${schema.multipleOf}`);
  if (schema.pattern) limits.push(`matches ${schema.pattern}`);
  if (schema.uniqueItems) limits.push("no item twice");
  if (schema["x-trim"]) limits.push("white space at its ends is cut");
  if (schema.default !== undefined) limits.push(`default ${JSON.stringify(schema.default)}`);
  return limits.filter(Boolean);
}

// The members of an object as rows {path, depth, type, limits, description, required}, nested ones after their parent.
export function rowsOf(node, document, path = "", depth = 0, rows = []) {
  const schema = resolve(node, document);
  if (depth > MAX_DEPTH) return rows;
  for (const choice of schema.anyOf || schema.oneOf || []) {
    if (isObject(resolve(choice, document))) rowsOf(choice, document, path, depth, rows);
  }
  if (schema.type === "array" && schema.items) rowsOf(schema.items, document, path + "[]", depth, rows);
  const required = schema.required || [];
  for (const [name, member] of Object.entries(schema.properties || {})) {
    const place = path ? `${path}.${name}` : name;
    const row = { path: place, depth, required: required.includes(name) };
    rows.push({ ...row, ...describe(member, document) });
    rowsOf(member, document, place, depth + 1, rows);
  }
  if (schema.additionalProperties && isObject(schema) && typeof schema.additionalProperties === "object") {
    const place = path ? `${path}.*` : "*";
    rows.push({ path: place, depth, required: false, ...describe(schema.additionalProperties, document) });
  }
  return rows;
}

export function describe(node, document) {
  const schema = resolve(node, document);
  return {
    type: typeOf(node, document),
    limits: limitsOf(node, document),
    description: schema.description || "",
  };
}

// The parameters of a method as such rows.
export function parameterRows(method, document) {
  const rows = [];
  for (const parameter of method.params) {
    const own = describe(parameter.schema, document);
    const description = [parameter.description, own.description].filter(Boolean).join(" ");
    rows.push({ path: parameter.name, depth: 0, required: Boolean(parameter.required), ...own, description });
    rowsOf(parameter.schema, document, parameter.name, 1, rows);
  }
  return rows;
}
