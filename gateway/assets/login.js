// The form to log in: address and password, then, for those who have one, the second factor.

import { login, secondFactor } from "./api.js";
import { field, form } from "./form.js";

function explain(problem, wrong) {
  const data = problem.error && problem.error.data;
  return data && data.code === "unauthenticated" && data.reason === "credentials" ? wrong : problem.message;
}

function codeForm(challenge) {
  const code = field("Code", { id: "code", autocomplete: "one-time-code", maxlength: 40, required: true });
  return form("Second factor", "Confirm", [code], async () => {
    try {
      await secondFactor(challenge, code.value());
    } catch (problem) {
      throw new Error(explain(problem, "Wrong code."), { cause: problem });
    }
  });
}

// The form as an element; `problem` stands beside it. Once somebody is logged in, onSession's listeners are told.
export function loginForm(problem = "") {
  const email = field("E-mail", { id: "email", type: "email", autocomplete: "username", required: true });
  const password = field("Password", {
    id: "password",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const made = form("Log in", "Log in", [email, password], async () => {
    let challenge = null;
    try {
      challenge = await login(email.value(), password.value());
    } catch (problem) {
      password.select();
      throw new Error(explain(problem, "Wrong address or password."), { cause: problem });
    }
    if (!challenge) return;
    const next = codeForm(challenge);
    made.replaceWith(next);
    next.querySelector("input").focus();
  }, problem);
  return made;
}
