// Who am I: the reader of the token, and the ways to become another.
import { useEffect, useRef, useState } from "react";
import { config, expiry, now, page, readAs, readAsSample, said, set, signOut, speak, t, useSession } from "./session";
import { beginSignIn } from "./signin";

export function Bar() {
  const session = useSession();
  const { me, problem, busy } = session;
  const [pasting, setPasting] = useState(false);
  const [policy, setPolicy] = useState<string | null>(null);
  const failed = (error: unknown) => set({ problem: error instanceof Error ? error.message : String(error) });
  return (
    <header className="hub-bar">
      <a className="hub-home" href="/" title={t("Trang giới thiệu", "What this is")}>
        {t("Sổ BHXH điện tử", "The hub")}
      </a>
      <div className="hub-me" role="status" aria-label={t("Tôi là ai", "Who am I")} data-ready={me && session.schema ? "yes" : "no"}>
        {busy && <span className="hub-soft">{t("Đang đọc…", "Reading…")}</span>}
        {me ? <Reader /> : !busy && <span className="hub-soft">{t("Chưa đăng nhập", "Nobody is signed in")}</span>}
      </div>
      <div className="hub-ways">
        {config.demo ? (
          <Samples />
        ) : (
          <>
            {config.signIn && !me && (
              <button className="hub-button hub-primary" onClick={() => beginSignIn().catch(failed)}>
                {t("Đăng nhập", "Sign in")}
              </button>
            )}
            <button className="hub-button" onClick={() => setPasting(true)}>
              {t("Nhập thẻ truy cập", "Paste a token")}
            </button>
          </>
        )}
        {me && (
          <button className="hub-button" onClick={() => page("/pages/policy").then(setPolicy, failed)}>
            {t("Chính sách", "Policy")}
          </button>
        )}
        {me && !config.demo && (
          <button className="hub-button" onClick={signOut}>
            {t("Đăng xuất", "Sign out")}
          </button>
        )}
        <button
          className="hub-button"
          lang={session.language === "vi" ? "en" : "vi"}
          onClick={() => speak(session.language === "vi" ? "en" : "vi")}
        >
          {session.language === "vi" ? "English" : "Tiếng Việt"}
        </button>
      </div>
      {problem && (
        <p className="hub-problem" role="alert">
          {problem}
        </p>
      )}
      {pasting && <Paste close={() => setPasting(false)} />}
      {policy !== null && <Policy html={policy} close={() => setPolicy(null)} />}
    </header>
  );
}

function Reader() {
  const { me, token, purpose } = useSession();
  if (!me) return null;
  const { agreement } = me;
  return (
    <>
      <strong>{said(me.audience)}</strong>
      <span className="hub-soft">{me.standings.map(said).join(" · ")}</span>
      {me.universe && (
        <span className="hub-chip">{me.universe.classes.map(said).join(" + ")}</span>
      )}
      {me.project && <span className="hub-chip">{t("Dự án", "Project")} {me.project}</span>}
      {agreement && (
        <>
          <span className="hub-chip" title={`${agreement.from} – ${agreement.until}`}>{agreement.partner}</span>
          <label className="hub-label">
            <span>{t("Mục đích", "Purpose")}</span>
            <select value={purpose} onChange={(event) => set({ purpose: event.target.value })}>
              {Object.entries(agreement.purposes).map(([name, says]) => (
                <option key={name} value={name} title={says}>
                  {says}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
      <Expiry token={token} />
    </>
  );
}

function Expiry({ token }: { token: string }) {
  const ends = expiry(token);
  const [time, setTime] = useState(Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setTime(Date.now()), 15_000);
    return () => clearInterval(ticking);
  }, []);
  if (ends === null) return null;
  const minutes = Math.max(0, Math.round((ends - time) / 60_000));
  const left = minutes < 120 ? t(`còn ${minutes} phút`, `${minutes} min left`) : t(`còn ${Math.round(minutes / 60)} giờ`, `${Math.round(minutes / 60)} h left`);
  return (
    <span className={minutes < 10 ? "hub-soon" : "hub-soft"} title={new Date(ends).toLocaleString()}>
      {t("Thẻ", "Token")}: {left}
    </span>
  );
}

function Samples() {
  const { viewer } = useSession();
  const [viewers, setViewers] = useState<{ name: string; says: string }[]>([]);
  useEffect(() => {
    void fetch("/pages/demo")
      .then((response) => response.json())
      .then((found: { name: string; says: string }[]) => {
        setViewers(found);
        if (!now().token && found.length) void readAsSample(found[0].name);
      });
  }, []);
  return (
    <label className="hub-label">
      <span>{t("Đọc với tư cách", "Read as")}</span>
      <select value={viewer} onChange={(event) => void readAsSample(event.target.value)}>
        {viewers.map((one) => (
          <option key={one.name} value={one.name} title={one.says}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function useDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return dialog;
}

function Paste({ close }: { close: () => void }) {
  const dialog = useDialog();
  const [text, setText] = useState("");
  return (
    <dialog ref={dialog} className="hub-dialog" onClose={close} aria-labelledby="hub-paste">
      <form
        method="dialog"
        onSubmit={() => {
          const token = text.trim().replace(/^bearer\s+/i, "");
          if (token) void readAs(token);
        }}
      >
        <h2 id="hub-paste">{t("Nhập thẻ truy cập", "Paste a token")}</h2>
        <p>
          {t(
            "Thẻ (JWT) do cơ quan cấp. Thẻ chỉ nằm trong thẻ trình duyệt này và mất khi đóng lại.",
            "A token (JWT) of your issuer. It stays in this tab of the browser, and is gone when you close it.",
          )}
        </p>
        <textarea autoFocus rows={6} value={text} spellCheck={false} autoComplete="off" aria-labelledby="hub-paste" onChange={(event) => setText(event.target.value)} />
        <p className="hub-row">
          <button className="hub-button hub-primary" type="submit">
            {t("Dùng thẻ này", "Use it")}
          </button>
          <button className="hub-button" type="button" onClick={() => dialog.current?.close()}>
            {t("Thôi", "Cancel")}
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** A page of the hub's, in a tree of its own, so that neither style touches the other. */
function Policy({ html, close }: { html: string; close: () => void }) {
  const dialog = useDialog();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const root = place.current!.shadowRoot ?? place.current!.attachShadow({ mode: "open" });
    const [, rules] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
    const parsed = new DOMParser().parseFromString(html.replace(/<style>[^]*?<\/style>/, ""), "text/html");
    const style = document.createElement("style");
    style.textContent = (rules ?? "").replaceAll(":root", ":host").replaceAll(/(^|[\s,}])(?:html|body)(?=[\s,{])/g, "$1.page");
    const body = document.createElement("div");
    body.className = "page";
    body.append(...parsed.body.childNodes);
    body.addEventListener("click", (event) => {
      const link = (event.target as Element).closest("a[href^='#']");
      if (!link) return;
      event.preventDefault();
      root.getElementById(link.getAttribute("href")!.slice(1))?.scrollIntoView();
    });
    root.replaceChildren(style, body);
  }, [html]);
  return (
    <dialog ref={dialog} className="hub-dialog hub-wide" onClose={close} aria-label={t("Chính sách", "Policy")}>
      <p className="hub-row">
        <button className="hub-button" autoFocus onClick={() => dialog.current?.close()}>
          {t("Đóng", "Close")}
        </button>
      </p>
      <div ref={place} className="hub-policy" />
    </dialog>
  );
}
