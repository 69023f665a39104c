// Who reads: the token, what the hub says of it, the schema it gives, and what the last run brought.
//
// A token lives in this tab only (sessionStorage, so that it outlasts the way to an issuer and back); nothing of it is in
// localStorage, in a cookie or in an address. With another reader everything that belonged to the last one goes.
import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema } from "graphql";
import { useSyncExternalStore } from "react";

export interface Words {
  vi: string;
  en: string;
}
export interface Me {
  audience: Words;
  name?: string;
  standings: Words[];
  universe?: { classes: Words[] };
  project?: string;
  agreement?: { name: string; partner: string; purposes: Record<string, string>; from: string; until: string };
  plans: boolean;
}
export interface Config {
  demo: boolean;
  signIn: { issuer: string; client: string } | null;
}
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export interface Answer {
  data?: Json;
  errors?: { message: string }[];
  extensions?: { [key: string]: unknown };
}
export interface State {
  token: string;
  me: Me | null;
  schema: GraphQLSchema | null;
  problem: string;
  busy: boolean;
  session: number;
  purpose: string;
  viewer: string;
  answer: Answer | null;
  plan: unknown;
  planWanted: boolean;
  language: "vi" | "en";
}

export const config = JSON.parse(document.getElementById("config")!.textContent!) as Config;

const TOKEN = "hub:token";
const VIEWER = "hub:viewer";
const LANGUAGE = "hub:language";

let state: State = {
  token: "",
  me: null,
  schema: null,
  problem: "",
  busy: false,
  session: 0,
  purpose: "",
  viewer: sessionStorage.getItem(VIEWER) ?? "",
  answer: null,
  plan: null,
  planWanted: false,
  language: firstLanguage(),
};
const listeners = new Set<() => void>();

function firstLanguage(): "vi" | "en" {
  const kept = localStorage.getItem(LANGUAGE);
  return kept === "vi" || kept === "en" ? kept : navigator.language.startsWith("vi") ? "vi" : "en";
}

export function set(change: Partial<State>): void {
  state = { ...state, ...change };
  document.documentElement.lang = state.language;
  for (const listener of listeners) listener();
}

export function now(): State {
  return state;
}

export function useSession(): State {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, now);
}

export function speak(language: "vi" | "en"): void {
  localStorage.setItem(LANGUAGE, language);
  set({ language });
}

/** In the language of the reader. */
export function t(vi: string, en: string): string {
  return state.language === "vi" ? vi : en;
}

export function said(words: Words): string {
  return words[state.language];
}

/** When the token ends, in milliseconds, if it says so. It is the hub that verifies it: this is for the display. */
export function expiry(token: string): number | null {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const ends = (JSON.parse(atob(body)) as { exp?: unknown }).exp;
    return typeof ends === "number" ? ends * 1000 : null;
  } catch {
    return null;
  }
}

async function ask(path: string, init: RequestInit = {}, token = state.token): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${token}`);
  return fetch(path, { ...init, headers, credentials: "omit", cache: "no-store" });
}

function problemOf(answer: Answer, status: number): string {
  return answer.errors?.map((one) => one.message).join("; ") || t(`Máy chủ trả lời ${status}`, `the server answered ${status}`);
}

/** What the hub says at one of the page's own addresses; throws what it says instead. */
export async function told<T>(path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await ask(path, init);
  const found = (await response.json()) as T & Answer;
  if (!response.ok || found.errors) throw new Error(problemOf(found, response.status));
  return found;
}

/** A page of the hub's that wants a token. */
export async function page(path: string): Promise<string> {
  const response = await ask(path);
  if (!response.ok) throw new Error(problemOf((await response.json()) as Answer, response.status));
  return response.text();
}

export async function execute(request: { query: string; variables?: unknown; operationName?: string | null }, plan?: "show" | "only"): Promise<Answer> {
  const extensions: Record<string, string> = {};
  if (plan && state.me?.plans) extensions.plan = plan;
  if (state.purpose) extensions.purpose = state.purpose;
  const { session } = state;
  const response = await ask("/graphql", {
    method: "POST",
    body: JSON.stringify({ ...request, extensions }),
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" },
  });
  const answer = (await response.json()) as Answer;
  if (response.status === 401 && session === state.session) refuse(problemOf(answer, 401));
  return answer;
}

/** What GraphiQL runs. The plan is for its panel, and the answer stays what it is without. */
export async function run(request: { query: string; variables?: unknown; operationName?: string | null }): Promise<Answer> {
  const { session } = state;
  if (!state.token) {
    return { errors: [{ message: t("chưa đăng nhập: hãy nhập thẻ truy cập hoặc đăng nhập", "nobody is signed in: paste a token or sign in") }] };
  }
  const answer = await execute(request, state.planWanted ? "show" : undefined);
  if (session !== state.session) return { errors: [{ message: t("đã đổi người đọc", "somebody else reads now") }] };
  const { plan, ...rest } = answer.extensions ?? {};
  const shown = { ...answer };
  delete shown.extensions;
  if (Object.keys(rest).length) shown.extensions = rest;
  set({ answer: shown, ...(plan ? { plan } : {}) });
  return shown;
}

function refuse(problem: string): void {
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(VIEWER);
  set({ token: "", me: null, schema: null, problem, busy: false, session: state.session + 1, answer: null, plan: null, purpose: "", viewer: "" });
}

let ending: ReturnType<typeof setTimeout> | undefined;

/** Reads as the bearer of this token from now on, or says why not. */
export async function readAs(token: string, viewer = ""): Promise<void> {
  clearTimeout(ending);
  const session = state.session + 1;
  set({ token, me: null, schema: null, problem: "", busy: true, session, answer: null, plan: null, purpose: "", viewer });
  try {
    const response = await ask("/pages/me", {}, token);
    const me = (await response.json()) as Me & Answer;
    if (session !== state.session) return;
    if (!response.ok) return refuse(problemOf(me, response.status));
    set({ me, purpose: Object.keys(me.agreement?.purposes ?? {})[0] ?? "" });
    const answer = await execute({ query: getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true }), operationName: "IntrospectionQuery" });
    if (session !== state.session) return;
    if (!answer.data) return refuse(problemOf(answer, 200));
    sessionStorage.setItem(TOKEN, token);
    sessionStorage.setItem(VIEWER, viewer);
    set({ schema: buildClientSchema(answer.data as never), busy: false });
    const ends = expiry(token);
    if (ends !== null && ends - Date.now() < 2 ** 31) {
      ending = setTimeout(() => refuse(t("thẻ truy cập đã hết hạn: hãy đăng nhập lại", "the token has expired: sign in again")), Math.max(0, ends - Date.now()) + 30_000);
    }
  } catch {
    if (session === state.session) refuse(t("không kết nối được với máy chủ", "the server cannot be reached"));
  }
}

export function signOut(): void {
  clearTimeout(ending);
  refuse("");
}

/** One of the demo's sample viewers. */
export async function readAsSample(name: string): Promise<void> {
  const response = await fetch("/pages/demo", { method: "POST", body: JSON.stringify({ name }), headers: { "Content-Type": "application/json" } });
  const found = (await response.json()) as { token?: string } & Answer;
  if (found.token) await readAs(found.token, name);
  else refuse(problemOf(found, response.status));
}

export function keptToken(): string {
  return sessionStorage.getItem(TOKEN) ?? "";
}
