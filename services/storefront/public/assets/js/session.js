// Who is signed in. The cookie is out of a script's reach; a hint in localStorage saves a stranger's first call.

import { del, get, onUnauthenticated, post, put, quietly } from "./api.js";

const HINT = "boxoffice.signed-in";

export const session = Object.assign(new EventTarget(), { account: null });

let asking = null;

/** Find out who this is. */
export async function open() {
  onUnauthenticated(expired);
  if (!localStorage.getItem(HINT)) return;
  try {
    become(await get("/api/accounts/me", { anonymous: true }));
  } catch (problem) {
    if (problem.status === 401) become(null);
  }
}

export async function signIn({ email, password }) {
  await post("/api/sessions", { email, password }, { anonymous: true, insist: true });
  become(await get("/api/accounts/me", { anonymous: true }));
}

export async function signUp({ email, password, name, country }) {
  try {
    await post("/api/accounts", { email, password, name, country }, { anonymous: true, insist: true });
  } catch (problem) {
    if (!(problem.slug === "email-taken" && problem.afterDoubt)) throw problem; // else it was us, a moment ago
  }
  await signIn({ email, password });
}

export async function signOut({ everywhere = false } = {}) {
  await quietly(del(everywhere ? "/api/sessions" : "/api/sessions/current", { anonymous: true }), 401);
  become(null);
}

/** Change the password; the session goes on, all others end. */
export const changePassword = (old, password) => put("/api/accounts/me/password", { old, new: password });

/** Forget who was here: a new password ended the session. */
export const forget = () => become(null);

export async function erase(password) {
  await del("/api/accounts/me", { body: { password } });
  become(null);
}

export const isOrganiser = () => Boolean(session.account?.roles.includes("organiser"));

/** Resolves to whether somebody is signed in now: asks in a dialog where needed. */
export async function ensure(reason) {
  return Boolean(session.account) || ask(reason);
}

async function expired() {
  const before = session.account;
  if (before) become(null);
  return ask(before ? "Your session has ended. Sign in again and we go on where you were." : "");
}

/** One dialog, however many calls wait for it. */
function ask(reason) {
  asking ??= import("./signin.js").then(({ dialog }) => dialog({ reason })).finally(() => (asking = null));
  return asking;
}

function become(account) {
  session.account = account;
  if (account) localStorage.setItem(HINT, "1");
  else localStorage.removeItem(HINT);
  session.dispatchEvent(new Event("change"));
}
