// The page about facts: what daemons tell each other, from x-facts of /openrpc.json.

import { rowsOf } from "./schema.js";
import { badge, el, json, table } from "./view.js";

export const FACTS = "facts";

export function factsOf(document) {
  return document["x-facts"] || [];
}

export function factsMatch(words, document) {
  return factsOf(document).length > 0 && words.every((word) => "facts that daemons tell each other".includes(word));
}

function consumers(fact) {
  const names = (fact.consumers || []).map((name) => badge(name));
  return el("p.facts", {}, names.length > 0 ? "Consumed by " : "Consumed by nobody yet.", ...names);
}

function entry(fact, document) {
  return el(
    "details",
    {},
    el("summary", {}, el("code", {}, fact.topic), " ", fact.summary),
    consumers(fact),
    el("p", {}, `Key: ${fact.key}. Facts of one key come in order.`),
    table("Payload", rowsOf(fact.payload, document), true),
    el("h3", {}, "Example of the payload"),
    json(fact.example),
  );
}

function publisher(name, facts, document) {
  const own = facts.filter((fact) => fact.topic.split(".")[0] === name);
  return [el("h2", {}, name), ...own.map((fact) => entry(fact, document))];
}

// The page, as what goes into main.
export function factsPage(document) {
  const facts = factsOf(document);
  const names = [...new Set(facts.map((fact) => fact.topic.split(".")[0]))];
  const summary =
    "What one daemon tells the others, in the transaction that makes it true, at least once. Nothing here can be called.";
  return [
    el("h1", {}, "Facts"),
    el("p.summary", {}, summary),
    el("section.reference", {}, ...names.flatMap((name) => publisher(name, facts, document))),
  ];
}
