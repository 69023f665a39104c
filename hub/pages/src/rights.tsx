// What may I see: every field of the operation as shown, masked or not shared, and the cell of the policy behind it.
import { useEffect, useState } from "react";
import { useEditors, useOperation } from "./operation";
import { said, t, told, useSession, type Words } from "./session";

interface Given {
  effect: "show" | "mask" | "deny";
  words: Words;
  example: string;
  cell: string;
  agreement: string;
  class?: Words;
}
interface Field {
  path: string[];
  name: string;
  on: string[];
  line: number;
  column: number;
  standing: Words;
  given: Given[];
  refused: boolean;
}
interface Rights {
  fields: Field[];
  missing: { line: number; column: number }[];
}

type Kind = "show" | "mask" | "deny";
const SIGNS: Record<Kind, string> = { show: "✓", mask: "◐", deny: "✕" };

function kind(field: Field): Kind {
  if (field.refused || field.given.every((one) => one.effect === "deny")) return "deny";
  return field.given.some((one) => one.effect !== "show") ? "mask" : "show";
}

function wordAt(query: string, line: number, column: number): string {
  return /^[\w:\s]*\w/.exec((query.split("\n")[line - 1] ?? "").slice(column - 1))?.[0].split(/\s*:\s*/).slice(0, 2).join(": ").split(/\s/)[0] ?? "";
}

export function RightsPanel() {
  const { session, me } = useSession();
  const { query, variables, operationName } = useOperation();
  const { queryEditor } = useEditors();
  const [rights, setRights] = useState<Rights | null>(null);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    if (!me || !query.trim()) return setRights(null);
    let current = true;
    told<Rights>("/pages/rights", { query, variables, operationName }).then(
      (found) => current && (setRights(found), setProblem("")),
      (error: Error) => current && (setRights(null), setProblem(error.message)),
    );
    return () => {
      current = false;
    };
  }, [query, variables, operationName, session, me]);

  // The same marks in the text itself.
  useEffect(() => {
    if (!queryEditor || !rights) return;
    const at = (line: number, column: number) => {
      const word = queryEditor.getModel()?.getWordAtPosition({ lineNumber: line, column });
      return { startLineNumber: line, startColumn: column, endLineNumber: line, endColumn: word?.endColumn ?? column + 1 };
    };
    const marks = queryEditor.createDecorationsCollection([
      ...rights.fields.map((field) => ({ range: at(field.line, field.column), options: { inlineClassName: `hub-mark-${kind(field)}` } })),
      ...rights.missing.map((one) => ({ range: at(one.line, one.column), options: { inlineClassName: "hub-mark-deny" } })),
    ]);
    return () => marks.clear();
  }, [queryEditor, rights]);

  return (
    <section className="hub-panel" aria-labelledby="hub-rights">
      <h2 id="hub-rights">{t("Tôi được xem gì", "What may I see")}</h2>
      {!me && <p>{t("Hãy đăng nhập trước.", "Sign in first.")}</p>}
      {problem && <p className="hub-problem" role="alert">{problem}</p>}
      {rights && <Found rights={rights} query={query} />}
    </section>
  );
}

function Found({ rights, query }: { rights: Rights; query: string }) {
  const counts = { show: 0, mask: 0, deny: rights.missing.length };
  for (const field of rights.fields) counts[kind(field)] += 1;
  return (
    <>
      <p aria-live="polite">
        <span className="hub-sign-show">{SIGNS.show}</span> {counts.show} {t("hiển thị", "shown")} ·{" "}
        <span className="hub-sign-mask">{SIGNS.mask}</span> {counts.mask} {t("che bớt", "masked")} ·{" "}
        <span className="hub-sign-deny">{SIGNS.deny}</span> {counts.deny} {t("không chia sẻ", "not shared")}
      </p>
      {rights.missing.length > 0 && (
        <ul className="hub-rights">
          {rights.missing.map((one) => (
            <li key={`${one.line}:${one.column}`} className="hub-deny">
              <span className="hub-sign-deny" aria-hidden="true">{SIGNS.deny}</span>
              <code>{wordAt(query, one.line, one.column)}</code>
              <span>
                {t(`dòng ${one.line}: không chia sẻ với bạn`, `line ${one.line}: not shared with you`)}
              </span>
            </li>
          ))}
        </ul>
      )}
      <ul className="hub-rights">
        {rights.fields.map((field) => {
          const is = kind(field);
          const key = field.path[field.path.length - 1];
          return (
            <li key={`${field.path.join(".")} ${field.on.join()}`} className={`hub-${is}`} style={{ paddingInlineStart: `${(field.path.length - 1) * 0.9}rem` }}>
              <span className={`hub-sign-${is}`} aria-hidden="true">{SIGNS[is]}</span>
              <code>{key === field.name ? key : `${key}: ${field.name}`}</code>
              {field.on.length > 0 && <span className="hub-soft">… on {field.on.join(", ")}</span>}
              <span className="hub-given">
                {field.given.map((one, index) => (
                  <span key={index}>
                    {one.class && <em>{said(one.class)}: </em>}
                    {said(one.words)}
                    {one.example && <> <code>{one.example}</code></>}
                    {one.cell && <small title={said(field.standing)}>{one.cell}</small>}
                    {one.agreement && <small>{t("thỏa thuận", "agreement")} {one.agreement}</small>}
                  </span>
                ))}
                {field.refused && <strong>{t("thao tác bị từ chối vì trường này", "the operation is refused for it")}</strong>}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
