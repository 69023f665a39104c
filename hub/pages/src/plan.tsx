// The plan of an operation: which source is asked for what, by which key, in which order, and what came of it.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useOperation } from "./operation";
import { execute, set, t, useSession } from "./session";

interface Asked {
  field?: string;
  as?: string;
  on?: string;
  effect?: string;
  from?: number;
  by?: string[];
  asks?: Asked[];
}
interface Run {
  rows: number;
  milliseconds?: number;
  questions?: number;
  keys?: number;
  found?: number;
}
interface Fetch {
  number: number;
  step: number;
  source: string;
  type: string;
  by: string[];
  paths: string[];
  waitsFor: number[];
  togetherWith?: number;
  universe?: string;
  asks: Asked[];
  question?: string;
  run?: Run;
}
interface Plan {
  steps: number;
  fetches: Fetch[];
}

export function hue(source: string, sources: string[]): string {
  return `hub-hue-${(sources.indexOf(source) + 6) % 6}`;
}

export function PlanPanel() {
  const { me, plan } = useSession();
  const operation = useOperation();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    set({ planWanted: true });
    return () => set({ planWanted: false });
  }, []);
  async function only() {
    setProblem("");
    try {
      const answer = await execute(operation, "only");
      if (answer.errors) setProblem(answer.errors.map((one) => one.message).join("; "));
      else set({ plan: answer.extensions?.plan ?? null });
    } catch {
      setProblem(t("không kết nối được với máy chủ", "the server cannot be reached"));
    }
  }
  return (
    <section className="hub-panel" aria-labelledby="hub-plan">
      <h2 id="hub-plan">{t("Kế hoạch", "Plan")}</h2>
      {me && !me.plans ? (
        <p>{t("Kế hoạch không được chia sẻ với đối tượng đọc này.", "Plans are not shown to this reader.")}</p>
      ) : (
        <>
          <p>{t("Chạy truy vấn để thấy thời gian và số dòng.", "Run the query to see times and rows.")}</p>
          <p className="hub-row">
            <button className="hub-button" disabled={!me} onClick={() => void only()}>
              {t("Chỉ lập kế hoạch", "Plan only")}
            </button>
            <span className="hub-soft">{t("không hỏi nguồn nào", "asks no source")}</span>
          </p>
        </>
      )}
      {problem && <p className="hub-problem" role="alert">{problem}</p>}
      {plan ? <Diagram plan={plan as Plan} /> : null}
    </section>
  );
}

function Diagram({ plan }: { plan: Plan }) {
  const ground = useRef<HTMLDivElement>(null);
  const [ways, setWays] = useState<{ d: string; together: boolean }[]>([]);
  const sources = [...new Set(plan.fetches.map((one) => one.source))];
  useLayoutEffect(() => {
    const draw = () => {
      const box = ground.current!.getBoundingClientRect();
      const at = new Map<number, DOMRect>();
      for (const one of ground.current!.querySelectorAll<HTMLElement>("[data-fetch]")) at.set(Number(one.dataset.fetch), one.getBoundingClientRect());
      const found: { d: string; together: boolean }[] = [];
      for (const fetch of plan.fetches) {
        const to = at.get(fetch.number)!;
        for (const waited of fetch.waitsFor) {
          const from = at.get(waited)!;
          const [x1, y1] = [from.left + from.width / 2 - box.left, from.bottom - box.top];
          const [x2, y2] = [to.left + to.width / 2 - box.left, to.top - box.top - 4];
          const half = (y2 - y1) / 2;
          found.push({ d: `M${x1} ${y1}C${x1} ${y1 + half} ${x2} ${y2 - half} ${x2} ${y2}`, together: false });
        }
        const beside = fetch.togetherWith === undefined ? undefined : at.get(fetch.togetherWith);
        if (beside) {
          const [x, y1, y2] = [Math.min(beside.left, to.left) - box.left, beside.top - box.top + 12, to.top - box.top + 12];
          found.push({ d: `M${x} ${y1}C${x - 14} ${y1} ${x - 14} ${y2} ${x} ${y2}`, together: true });
        }
      }
      setWays(found);
    };
    draw();
    const watching = new ResizeObserver(draw);
    watching.observe(ground.current!);
    return () => watching.disconnect();
  }, [plan]);
  return (
    <div className="hub-plan" ref={ground} role="group" aria-label={t("Sơ đồ kế hoạch", "The plan as a diagram")}>
      <svg className="hub-ways-drawn" aria-hidden="true">
        <defs>
          <marker id="hub-head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {ways.map((one) => (
          <path key={one.d} d={one.d} className={one.together ? "hub-together" : ""} markerEnd={one.together ? undefined : "url(#hub-head)"} />
        ))}
      </svg>
      {Array.from({ length: plan.steps }, (_, index) => index + 1).map((step) => (
        <div key={step} className="hub-step">
          <h3>{t("Bước", "Step")} {step}</h3>
          <div className="hub-fetches">
            {plan.fetches.filter((one) => one.step === step).map((one) => (
              <Box key={one.number} fetch={one} hue={hue(one.source, sources)} />
            ))}
          </div>
        </div>
      ))}
      {!plan.fetches.length && <p>{t("Không cần hỏi nguồn nào.", "No source is asked.")}</p>}
    </div>
  );
}

function Box({ fetch, hue: colour }: { fetch: Fetch; hue: string }) {
  const { run } = fetch;
  return (
    <article className={`hub-box ${colour}`} data-fetch={fetch.number}>
      <h4>
        {fetch.number}. {fetch.source}: {fetch.type}
      </h4>
      <p className="hub-soft">
        {fetch.by.length > 0 && <>{t("theo", "by")} {fetch.by.join(", ")} · </>}→ {fetch.paths.join(", ")}
        {fetch.universe && <> · [{fetch.universe}]</>}
        {fetch.waitsFor.length > 0 && <> · {t("chờ", "waits for")} {fetch.waitsFor.join(", ")}</>}
        {fetch.togetherWith !== undefined && <> · {t("hỏi cùng", "together with")} {fetch.togetherWith}</>}
      </p>
      <details>
        <summary>{t("Hỏi gì", "Asks for")}</summary>
        <p><code>{asked(fetch.asks)}</code></p>
      </details>
      {run && <p className="hub-figures">{figures(run)}</p>}
      {fetch.question && (
        <details>
          <summary>SQL</summary>
          <pre>{fetch.question}</pre>
        </details>
      )}
    </article>
  );
}

function asked(list: Asked[]): string {
  return list
    .map((one) => {
      const name = one.field ? (one.as ? `${one.as}: ${one.field}` : one.field) : one.on ? `… on ${one.on}` : `key ${(one.by ?? []).join(", ")}`;
      const below = one.asks ? ` { ${asked(one.asks)} }` : "";
      return `${name}${one.effect ? ` [${one.effect}]` : ""}${one.from ? ` ← ${one.from}` : ""}${below}`;
    })
    .join(" ");
}

function figures(run: Run): string {
  const found = [];
  const counted = (number: number, vi: string, en: string) => `${number} ${t(vi, number === 1 ? en : `${en}s`)}`;
  if (run.questions !== undefined) found.push(counted(run.questions, "câu hỏi", "question"));
  if (run.keys !== undefined) found.push(counted(run.keys, "khóa", "key"));
  found.push(counted(run.rows, "dòng", "row"));
  if (run.milliseconds !== undefined) found.push(`${run.milliseconds.toFixed(1)} ms`);
  return found.join(" · ");
}
