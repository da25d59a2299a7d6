// The pages that letters link to: /register, /verify-email, /reset-password, /login, /invitations. A front end of one's
// own takes their place by passport's setting public_url.

import { call, logout, onSession, result, user } from "./api.js";
import { field, form } from "./form.js";
import { loginForm } from "./login.js";
import { el } from "./view.js";

const main = document.getElementById("main");

function show(title, ...parts) {
  document.title = `EventLoop: ${title}`;
  main.replaceChildren(el("h1", {}, title), ...parts);
}

// The token of the link. It leaves the address bar, so that it stays in no history and no copied address.
function takeToken() {
  const token = new URLSearchParams(location.search).get("token") || "";
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

function newPassword(label, id) {
  return field(label, { id, type: "password", autocomplete: "new-password", minlength: 8, maxlength: 128, required: true });
}

function emailField() {
  return field("E-mail", { id: "email", type: "email", autocomplete: "username", maxlength: 254, required: true });
}

function register() {
  const email = emailField();
  const name = field("Name", { id: "name", autocomplete: "name", maxlength: 100, required: true });
  const password = newPassword("Password, 8 characters or more", "password");
  const submit = async () => {
    await result("passport.user.register", { email: email.value(), name: name.value(), password: password.value() });
    show("Look into your mail", el("p", {}, "A letter is on its way. Its link makes the account."));
  };
  show("Register", form("Register", "Register", [email, name, password], submit));
}

// A form, because programs that look through mail follow links too, and because the link alone says only who has the
// address, not who asked for the letter.
function verifyEmail(token) {
  const typed = field("Code of the letter", { id: "token", autocomplete: "off", maxlength: 200, required: true });
  const password = field("Your password", {
    id: "password",
    type: "password",
    autocomplete: "current-password",
    maxlength: 128,
    required: true,
  });
  const submit = async () => {
    try {
      await result("passport.user.verify_email", { token: token || typed.value().trim(), password: password.value() });
    } catch (problem) {
      password.select();
      throw problem;
    }
    show("Your address is confirmed", el("p", {}, el("a", { href: "/login" }, "Log in")));
  };
  show(
    "Confirm your address",
    form("Confirm", "Confirm", token ? [password] : [typed, password], submit),
    el(
      "p.hint",
      {},
      "It is that of your account, or the one that you chose when you registered. If you do not know it, or it was not you who registered, ",
      el("a", { href: "/register" }, "register anew"),
      " with a password of your own. Then answer the letter that comes, not this one.",
    ),
  );
}

function requestReset() {
  const email = emailField();
  const submit = async () => {
    await result("passport.password.request_reset", { email: email.value() });
    show("Look into your mail", el("p", {}, "If there is an account with this address, a letter is on its way."));
  };
  show("Forgotten password", form("Ask for a letter", "Send the letter", [email], submit));
}

function resetPassword(token) {
  if (!token) {
    requestReset();
    return;
  }
  const password = newPassword("New password, 8 characters or more", "password");
  const submit = async () => {
    await result("passport.password.reset", { token, new_password: password.value() });
    show("Your password is changed", el("p", {}, el("a", { href: "/login" }, "Log in")));
  };
  show("Choose a new password", form("New password", "Change it", [password], submit));
}

function login() {
  onSession((who) => {
    if (!who) {
      show("Log in", loginForm(), el("p", {}, el("a", { href: "/reset-password" }, "Forgotten password?")));
      return;
    }
    const leave = el("button", { type: "button", onclick: () => logout() }, "Log out");
    show("Your account", el("p", {}, "Logged in as ", el("strong", { id: "who" }, who.name), "."), leave);
  });
  show("Log in", loginForm(), el("p", {}, el("a", { href: "/reset-password" }, "Forgotten password?")));
}

function invitation(item) {
  const note = el("span", { role: "status" });
  const decide = async (verb, done) => {
    const { answer } = await call(`passport.invitation.${verb}`, { id: item.id });
    note.textContent = answer.error ? answer.error.message : done;
  };
  return el(
    "li",
    {},
    el("strong", {}, item.company.name),
    ` as ${item.right} `,
    el("button", { type: "button", onclick: () => decide("accept", "accepted") }, "Accept"),
    el("button", { type: "button", onclick: () => decide("decline", "declined") }, "Decline"),
    note,
  );
}

async function showInvitations() {
  const { answer } = await call("passport.invitation.list", {});
  if (answer.error) throw new Error(answer.error.message);
  const items = answer.result.items.filter((item) => item.state === "pending");
  show("Invitations", items.length > 0 ? el("ul", {}, ...items.map(invitation)) : el("p", {}, "None waits for you."));
}

function invitations() {
  const problem = (failure) => show("Invitations", el("p.problem", { role: "alert" }, failure.message));
  onSession(() => (user() ? showInvitations().catch(problem) : show("Log in", loginForm())));
  show("Log in", loginForm());
}

const pages = {
  "/register": register,
  "/verify-email": verifyEmail,
  "/reset-password": resetPassword,
  "/login": login,
  "/invitations": invitations,
};

pages[location.pathname](takeToken());
