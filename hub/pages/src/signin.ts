// Signing in at an OpenID Connect issuer: authorization code with PKCE (RFC 7636), as a public client.
//
// What comes back is an access token for the hub, which verifies it. The verifier and the state wait in this tab.
import { config, t } from "./session";

const WAITING = "hub:signing-in";

interface Waiting {
  state: string;
  verifier: string;
  endpoint: string;
  issuer: string;
}

function word(): string {
  return url64(crypto.getRandomValues(new Uint8Array(32)));
}

function url64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function here(): string {
  return location.origin + location.pathname;
}

export async function beginSignIn(): Promise<void> {
  const { issuer, client } = config.signIn!;
  const response = await fetch(`${issuer}/.well-known/openid-configuration`, { credentials: "omit" });
  if (!response.ok) throw new Error(t("nơi cấp thẻ không trả lời", "the issuer does not answer"));
  const found = (await response.json()) as Record<string, unknown>;
  const { authorization_endpoint: authorize, token_endpoint: endpoint } = found;
  if (found.issuer !== issuer || typeof authorize !== "string" || typeof endpoint !== "string") {
    throw new Error(t("nơi cấp thẻ tự xưng bằng tên khác", "the issuer calls itself by another name than the hub was told"));
  }
  const ours = new URL(issuer).origin;
  if (new URL(authorize).origin !== ours || new URL(endpoint).origin !== ours) {
    throw new Error(t("nơi cấp thẻ dẫn tới địa chỉ khác", "the issuer leads to another address than its own"));
  }
  const waiting: Waiting = { state: word(), verifier: word(), endpoint, issuer };
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(waiting.verifier));
  sessionStorage.setItem(WAITING, JSON.stringify(waiting));
  const to = new URL(authorize);
  const asked = {
    response_type: "code",
    client_id: client,
    redirect_uri: here(),
    scope: "openid",
    state: waiting.state,
    code_challenge: url64(new Uint8Array(digest)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) to.searchParams.set(name, value);
  location.assign(to);
}

/** The token, if the browser comes back from the issuer; nothing if it does not. */
export async function finishSignIn(): Promise<string | null> {
  const given = new URLSearchParams(location.search);
  const code = given.get("code");
  const wrong = given.get("error");
  const kept = sessionStorage.getItem(WAITING);
  if (!given.has("state") || !kept || (!code && !wrong)) return null;
  sessionStorage.removeItem(WAITING);
  history.replaceState(null, "", here());
  const waiting = JSON.parse(kept) as Waiting;
  const by = given.get("iss");
  if (given.get("state") !== waiting.state || (by !== null && by !== waiting.issuer)) {
    throw new Error(t("lần đăng nhập này không bắt đầu từ đây", "this sign-in was not begun here: sign in again"));
  }
  if (wrong) throw new Error(given.get("error_description") ?? wrong);
  const response = await fetch(waiting.endpoint, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: code!,
      redirect_uri: here(),
      client_id: config.signIn!.client,
      code_verifier: waiting.verifier,
    }),
  });
  const found = (await response.json()) as { access_token?: string; error?: string; error_description?: string };
  if (!response.ok || !found.access_token) {
    throw new Error(found.error_description ?? found.error ?? t("nơi cấp thẻ từ chối", "the issuer refused"));
  }
  return found.access_token;
}
