// The reference page: methods from /openrpc.json, each with its description and an editor to call it.

import { call, logout, onSession } from "./api.js";
import { FACTS, factsMatch, factsPage } from "./facts.js";
import { loginForm } from "./login.js";
import { parameterRows, resolve, rowsOf, typeOf } from "./schema.js";
import { UPLOAD, uploadMatches, uploadPage } from "./upload.js";
import { badge, el, json, table } from "./view.js";

const ERRORS = {
  "-32700": ["parse_error", "the body is not JSON"],
  "-32600": ["invalid_request", "not a JSON-RPC 2.0 request"],
  "-32601": ["method_not_found", "no such method behind this door"],
  "-32602": ["invalid_params", "a parameter breaks its schema or names what is unknown; fields says which and why"],
  "-32603": ["internal", "a fault of ours; the request id finds it in the logs"],
  "-32001": ["unauthenticated", "no access token, or one that is not valid now; reason says why"],
  "-32003": ["forbidden", "the caller is known, but may not"],
  "-32004": ["not_found", "there is none, or none that the caller may know of"],
  "-32009": ["conflict", "taken, stale or there already; reason says which"],
  "-32012": ["precondition_failed", "a state or a rule forbids it now; rule says which"],
  "-32013": ["too_large", "the body, the batch, its depth or the answer"],
  "-32029": ["rate_limited", "too many calls; wait retry_after_ms"],
  "-32050": ["unavailable", "a part that is needed is down; wait retry_after_ms"],
  "-32051": ["deadline_exceeded", "it took longer than it may"],
  "-32052": ["overloaded", "the queue is full; wait retry_after_ms"],
};

let openrpc = null;
const edited = new Map(); // method name: what stands in its editor

const byId = (id) => document.getElementById(id);

// --- the session in the header ---

function showLogin(problem = "") {
  byId("session").replaceChildren(loginForm(problem));
}

function showUser(user) {
  const leave = () => logout().catch((problem) => showLogin(problem.message));
  byId("session").replaceChildren(
    el("span", {}, "Logged in as ", el("strong", { id: "who" }, user.name), " ", ...user.roles.map((role) => badge(role))),
    el("button", { type: "button", onclick: leave }, "Log out"),
  );
}

// --- the list of methods ---

function groups(methods) {
  const found = new Map();
  for (const method of methods) {
    const parts = method.name.split(".");
    const [daemon, resource] = parts.length > 2 ? parts : [parts[0], parts[0]];
    if (!found.has(daemon)) found.set(daemon, new Map());
    const resources = found.get(daemon);
    resources.set(resource, [...(resources.get(resource) || []), method]);
  }
  return found;
}

function matches(method, words) {
  const text = [method.name, method.summary, method.description, ...method.params.map((one) => one.name)].join(" ");
  return words.every((word) => text.toLowerCase().includes(word));
}

function shownName() {
  return decodeURIComponent(location.hash.slice(1));
}

function link(name, label, title) {
  const current = shownName() === name ? "page" : null;
  const href = "#" + encodeURIComponent(name);
  return el("li", {}, el("a", { href, title, "aria-label": name, "aria-current": current }, label));
}

function methodLink(method) {
  return link(method.name, method.name.split(".").pop(), method.summary);
}

function httpSection(words) {
  if (!uploadMatches(words)) return [];
  return [el("section", {}, el("h2", {}, "HTTP"), el("ul", {}, link(UPLOAD, UPLOAD, "Upload an image.")))];
}

function factsSection(words) {
  if (!factsMatch(words, openrpc)) return [];
  return [el("section", {}, el("h2", {}, "Between daemons"), el("ul", {}, link(FACTS, FACTS, "What daemons tell each other.")))];
}

function showList() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = openrpc.methods.filter((method) => matches(method, words));
  byId("found").textContent = words.length > 0 ? `${shown.length} of ${openrpc.methods.length} methods` : "";
  byId("methods").replaceChildren(
    ...[...groups(shown)].map(([daemon, resources]) =>
      el(
        "section",
        {},
        el("h2", {}, daemon),
        ...[...resources].map(([resource, methods]) =>
          el("div.resource", {}, el("h3", {}, resource), el("ul", {}, ...methods.map(methodLink))),
        ),
      ),
    ),
    ...httpSection(words),
    ...factsSection(words),
  );
}

// --- one method ---

function exampleParams(example) {
  return Object.fromEntries((example ? example.params : []).map((param) => [param.name, param.value]));
}

function accessBadges(method) {
  const badges = (method["x-access"] || []).map((access) => badge(access, access === "public" ? "open" : "closed"));
  const seconds = method["x-auth-max-age"];
  return seconds ? [...badges, badge(`authenticated within ${seconds} s`, "closed")] : badges;
}

// What the schema of an error's data lets stand in it: reasons, and rules.
function dataWords(error) {
  const members = Object.assign({}, ...((error.data && error.data.allOf) || []).map((part) => part.properties || {}));
  const words = (schema) => (schema && schema.enum) || [];
  const ofField = members.fields && members.fields.items.properties.rule;
  return { reason: words(members.reason), rule: words(members.rule), field: words(ofField) };
}

function wordLine(label, words) {
  const shown = words.flatMap((word, index) => [index > 0 ? ", " : `${label}: `, el("code", {}, word)]);
  return words.length > 0 ? el("div.words", {}, ...shown) : null;
}

function errorItem(error) {
  const [word, when] = ERRORS[error.code] || [error.message, ""];
  const { reason, rule, field } = dataWords(error);
  const anywhere = dataWords(openrpc.components.errors[word] || {}).field; // JSON Schema's keywords
  return el(
    "li",
    {},
    el("code", {}, `${error.code} ${word}`),
    " ",
    when,
    wordLine("reason", reason),
    wordLine("rule", rule),
    wordLine("rule of a field, beside those of its schema", field.filter((one) => !anywhere.includes(one))),
  );
}

function errorList(errors) {
  const items = errors.map(errorItem);
  return el("ul.errors", {}, ...items);
}

function ownErrors(method) {
  const own = (method.errors || []).map((error) => resolve(error, openrpc));
  return errorList(own);
}

function outcome(done) {
  const failed = Boolean(done.answer && done.answer.error);
  const size = new Blob([done.text]).size;
  const line = `HTTP ${done.status}, ${done.took.toFixed(1)} ms, ${size.toLocaleString("en")} bytes`;
  return [
    el("h3", {}, "Answer ", badge(failed ? "error" : "result", failed ? "closed" : "open")),
    el("p.timing", {}, line),
    json(done.answer),
    el("details", {}, el("summary", {}, "Request"), json(done.request)),
  ];
}

async function run(method, editor, button, output) {
  let params = null;
  try {
    params = JSON.parse(editor.value || "{}");
  } catch (problem) {
    output.replaceChildren(el("p.problem", { role: "alert" }, `The parameters are not JSON: ${problem.message}`));
    editor.focus();
    return;
  }
  button.disabled = true;
  output.setAttribute("aria-busy", "true");
  try {
    output.replaceChildren(...outcome(await call(method.name, params)));
  } catch (problem) {
    output.replaceChildren(el("p.problem", { role: "alert" }, `No answer: ${problem.message}`));
  }
  output.removeAttribute("aria-busy");
  button.disabled = false;
}

function caller(method) {
  const examples = method.examples || [];
  const first = JSON.stringify(exampleParams(examples[0]), null, 2);
  const editor = el("textarea", { id: "params", spellcheck: "false", rows: "10", autocapitalize: "off" });
  const fit = () => editor.setAttribute("rows", Math.min(24, Math.max(4, editor.value.split("\n").length + 1)));
  const put = (text) => {
    editor.value = text;
    fit();
  };
  put(edited.get(method.name) || first);
  const output = el("div.output", { id: "answer", "aria-live": "polite" });
  const button = el("button.call", { type: "button" }, "Call");
  const go = () => run(method, editor, button, output);
  button.addEventListener("click", go);
  editor.addEventListener("input", () => {
    edited.set(method.name, editor.value);
    fit();
  });
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) go();
  });
  const choose = (index) => () => {
    edited.delete(method.name);
    put(JSON.stringify(exampleParams(examples[index]), null, 2));
  };
  return el(
    "section.caller",
    { "aria-labelledby": "call-title" },
    el("h2", { id: "call-title" }, "Call it"),
    el("p.examples", {}, ...examples.map((one, n) => el("button.example", { type: "button", onclick: choose(n) }, one.name))),
    el("label", { for: "params" }, "Parameters, as JSON"),
    editor,
    el("p", {}, button, el("span.hint", {}, " or Ctrl + Enter")),
    output,
  );
}

function facts(method) {
  const parts = [`deadline ${method["x-deadline-ms"]} ms`];
  if (method["x-idempotent"]) parts.push("safe to repeat");
  return el("p.facts", {}, ...accessBadges(method), ...parts.map((part) => badge(part)));
}

function reference(method) {
  const parameters = parameterRows(method, openrpc);
  const result = rowsOf(method.result.schema, openrpc);
  const examples = (method.examples || []).filter((one) => one.result);
  return el(
    "section.reference",
    {},
    el("p.description", {}, method.description),
    facts(method),
    el("h2", {}, "Parameters"),
    parameters.length > 0 ? table("Parameters", parameters, true) : el("p", {}, "None."),
    el("h2", {}, "Result"),
    result.length > 0
      ? table("Result", result, false)
      : el("p", {}, el("code", {}, typeOf(method.result.schema, openrpc))),
    el("h2", {}, "Errors"),
    ownErrors(method),
    ...examples.map((one) =>
      el(
        "details",
        {},
        el("summary", {}, `Example: ${one.name}`),
        el("h3", {}, "Parameters"),
        json(exampleParams(one)),
        el("h3", {}, "Result"),
        json(one.result.value),
      ),
    ),
  );
}

function showMethod(method) {
  document.title = `${method.name} · EventLoop`;
  byId("main").replaceChildren(
    el("h1", {}, method.name),
    el("p.summary", {}, method.summary),
    el("div.split", {}, reference(method), caller(method)),
  );
}

function showUpload() {
  document.title = `${UPLOAD} · EventLoop`;
  byId("main").replaceChildren(...uploadPage());
}

function showFacts() {
  document.title = "Facts · EventLoop";
  byId("main").replaceChildren(...factsPage(openrpc));
}

// --- the page that stands there first ---

function showOverview() {
  document.title = "EventLoop: methods";
  const request = { jsonrpc: "2.0", id: 1, method: "gateway.status", params: {} };
  const errors = Object.values((openrpc.components && openrpc.components.errors) || {});
  byId("main").replaceChildren(
    el("h1", {}, "EventLoop"),
    el(
      "p.summary",
      {},
      `${openrpc.methods.length} methods behind one door. Choose one on the left to read about it and to call it from here.`,
    ),
    el("h2", {}, "How to call"),
    el("p", {}, "JSON-RPC 2.0: POST to ", el("code", {}, `${location.origin}/rpc`), " with Content-Type application/json."),
    json(request),
    el(
      "p",
      {},
      "Methods that are not public want an access token: passport.auth.login gives one, and it goes into the header ",
      el("code", {}, "Authorization: Bearer …"),
      ". Log in above, and this page sends it with each call; it forgets it when it is closed.",
    ),
    el("p", {}, "Several calls may go in one array. The whole description for programs: ", el("a", { href: "/openrpc.json" }, "/openrpc.json")),
    el("h2", {}, "Errors"),
    errorList(errors),
  );
}

function show() {
  const name = shownName();
  const method = openrpc.methods.find((one) => one.name === name);
  if (method) showMethod(method);
  else if (name === UPLOAD) showUpload();
  else if (name === FACTS) showFacts();
  else showOverview();
  showList();
  const current = document.querySelector("nav [aria-current]");
  if (current) current.scrollIntoView({ block: "nearest" });
}

async function start() {
  onSession((user) => (user ? showUser(user) : showLogin()));
  showLogin();
  const response = await fetch("/openrpc.json");
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  openrpc = await response.json();
  byId("version").textContent = openrpc.info.version;
  byId("search").addEventListener("input", showList);
  window.addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    show();
    byId("main").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      byId("search").focus();
    }
  });
  show();
}

start().catch((problem) => {
  byId("main").replaceChildren(el("p.problem", { role: "alert" }, `The methods cannot be read: ${problem.message}`));
});
