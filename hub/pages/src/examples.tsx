// Queries that run as they stand, as cards.
import { useEffect, useState } from "react";
import { useEditors } from "./operation";
import { said, t, told, useSession, type Words } from "./session";

interface Example extends Words {
  name: string;
  query: string;
}

export function ExamplesPanel() {
  const { me, session, language } = useSession();
  const { queryEditor, variableEditor, actions } = useEditors();
  const [examples, setExamples] = useState<Example[]>([]);
  useEffect(() => {
    setExamples([]);
    if (!me) return;
    let current = true;
    told<Example[]>("/pages/examples").then((found) => current && setExamples(found), () => undefined);
    return () => {
      current = false;
    };
  }, [me, session]);
  function open(example: Example) {
    queryEditor?.setValue(example.query);
    variableEditor?.setValue("");
    // What the text holds is read from it a moment later.
    setTimeout(() => actions.run(), 150);
  }
  const other = language === "vi" ? "en" : "vi";
  return (
    <section className="hub-panel" aria-labelledby="hub-examples">
      <h2 id="hub-examples">{t("Ví dụ", "Examples")}</h2>
      {!me && <p>{t("Hãy đăng nhập để thấy ví dụ của mình.", "Sign in to see those for you.")}</p>}
      {me && !examples.length && <p>{t("Chưa có ví dụ cho đối tượng đọc này.", "There are none for this reader.")}</p>}
      {examples.map((one) => (
        <article key={one.name} className="hub-card" data-example={one.name}>
          <h3>{said(one)}</h3>
          <p className="hub-soft" lang={other}>{one[other]}</p>
          <pre>{one.query}</pre>
          <p className="hub-row">
            <button className="hub-button hub-primary" onClick={() => open(one)}>
              {t("Mở và chạy", "Open and run")}
            </button>
          </p>
        </article>
      ))}
    </section>
  );
}
