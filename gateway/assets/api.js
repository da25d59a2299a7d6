// Calls through the gateway and the session of who is logged in. Tokens live in this module's memory and nowhere else:
// closing or reloading the page forgets them.

const REFRESH_BEFORE = 30000; // ms before the access token's end

let session = null; // {user, access, refresh, until}
let refreshing = null;
let lastId = 0;
const listeners = [];

export function onSession(listener) {
  listeners.push(listener);
}

export function user() {
  return session && session.user;
}

function setSession(tokens) {
  session = tokens && {
    user: tokens.user,
    access: tokens.access_token,
    refresh: tokens.refresh_token,
    until: Date.now() + tokens.expires_in * 1000,
  };
  for (const listener of listeners) listener(session && session.user);
}

async function send(path, type, body, token) {
  const headers = { "Content-Type": type };
  if (token) headers.Authorization = "Bearer " + token;
  const started = performance.now();
  const response = await fetch(path, { method: "POST", headers, body });
  const text = await response.text();
  const took = performance.now() - started;
  let answer = null;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    throw new Error("The answer is not JSON (HTTP " + response.status + ")");
  }
  return { answer, text, status: response.status, took };
}

async function post(request, token) {
  return { request, ...(await send("/rpc", "application/json", JSON.stringify(request), token)) };
}

function envelope(method, params) {
  lastId += 1;
  return { jsonrpc: "2.0", id: lastId, method, params };
}

// The result of a call without a token; throws an Error with the server's message and its error object.
export async function result(method, params) {
  const { answer } = await post(envelope(method, params), null);
  if (answer.error) throw Object.assign(new Error(answer.error.message), { error: answer.error });
  return answer.result;
}

// Logs in. What it returns is null, or, for a user with a second factor, the challenge to answer with secondFactor().
export async function login(email, password) {
  const answer = await result("passport.auth.login", { email, password });
  if (answer.second_factor) return answer.second_factor;
  setSession(answer);
  return null;
}

export async function secondFactor(challenge, code) {
  setSession(await result("passport.auth.second_factor", { challenge: challenge.challenge, code }));
}

export async function logout() {
  const token = await accessToken();
  if (token) await post(envelope("passport.auth.logout", {}), token);
  setSession(null);
}

// Exchanges the refresh token once, whoever asks meanwhile. A refused one ends the session; a lost connection does not.
function refresh() {
  refreshing ??= result("passport.auth.refresh", { refresh_token: session.refresh })
    .then(setSession, (problem) => {
      if (problem.error) setSession(null);
      else throw problem;
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

async function accessToken() {
  if (session && session.until - Date.now() < REFRESH_BEFORE) await refresh();
  return session && session.access;
}

// A revoked token may be one whose rights have changed: the session may live on, and refreshing tells.
function isOver(answer) {
  const data = answer && answer.error && answer.error.data;
  return Boolean(data && data.code === "unauthenticated" && (data.reason === "expired" || data.reason === "revoked"));
}

async function asUser(attempt) {
  const done = await attempt(await accessToken());
  if (!session || !isOver(done.answer)) return done;
  await refresh();
  return attempt(session && session.access);
}

// A call as whoever is logged in: {request, answer, text, status, took} with took in ms.
export function call(method, params) {
  const request = envelope(method, params);
  return asUser((token) => post(request, token));
}

// Uploads a file as an image, likewise.
export function upload(file) {
  return asUser((token) => send("/images", file.type || "application/octet-stream", file, token));
}
