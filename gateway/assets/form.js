// Forms: labelled fields, one button, and a place where problems are told.

import { el } from "./view.js";

// A field: {elements, value(), select()}. attributes are those of its input and need an id.
export function field(label, attributes) {
  const input = el("input", attributes);
  return {
    elements: [el("label", { for: attributes.id }, label), input],
    value: () => input.value,
    select: () => input.select(),
  };
}

function fieldProblems(problem) {
  const fields = problem.error && problem.error.data && problem.error.data.fields;
  return (fields || []).map((one) => `${one.path.split("/").pop()}: ${one.rule.replaceAll("_", " ")}`).join("; ");
}

// A form as an element. submit() does the work; what it throws is told beside the button.
export function form(name, button, fields, submit, problem = "") {
  const send = el("button", { type: "submit" }, button);
  const note = el("span.problem", { role: "alert" }, problem);
  const onsubmit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    note.textContent = "";
    try {
      await submit();
    } catch (failure) {
      note.textContent = fieldProblems(failure) || failure.message;
    }
    send.disabled = false;
  };
  return el(
    "form",
    { onsubmit, method: "post", "aria-label": name },
    ...fields.flatMap((one) => one.elements),
    send,
    note,
  );
}
