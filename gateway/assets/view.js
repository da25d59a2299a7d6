// Pieces of the page. Everything that comes from a server goes in as text, never as markup.

// el("p.note", {id: "x", onclick: f}, "text", child): an element; attributes that are null or false are left out.
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)/g;
const MAX_COLOURED = 200000;

// JSON as indented text with its tokens told apart by class.
export function json(value) {
  const text = JSON.stringify(value, null, 2);
  const pre = el("pre.json", { tabindex: "0" });
  if (text === undefined || text.length > MAX_COLOURED) {
    pre.textContent = text === undefined ? "" : text;
    return pre;
  }
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    pre.append(text.slice(end, match.index));
    const kind = match[1] ? (match[2] ? "key" : "string") : match[3] ? "number" : "word";
    pre.append(el(`span.${kind}`, {}, match[1] || match[0]), match[2] || "");
    end = match.index + match[0].length;
  }
  pre.append(text.slice(end));
  return pre;
}

// Rows of schema.js as a table.
export function table(caption, rows, withRequired) {
  const head = ["Name", "Type", "Limits and meaning"];
  const body = rows.map((row) =>
    el(
      `tr.depth${Math.min(row.depth, 4)}`,
      {},
      el(
        "th",
        { scope: "row" },
        el("code", {}, row.path),
        withRequired && row.required ? el("span.required", {}, "required") : null,
      ),
      el("td", {}, el("code.type", {}, row.type)),
      el(
        "td",
        {},
        row.description ? el("p", {}, row.description) : null,
        ...row.limits.map((limit) => el("span.limit", {}, limit)),
      ),
    ),
  );
  return el(
    "div.scroll",
    { role: "region", "aria-label": caption, tabindex: "0" },
    el(
      "table",
      {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...body),
    ),
  );
}

export function badge(text, kind = "") {
  return el(kind ? `span.badge.${kind}` : "span.badge", {}, text);
}
