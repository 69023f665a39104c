// The page at /graphql: GraphiQL, the bar above it, and the panels beside it.
import "./nonce";
import "./workers";
import "graphiql/style.css";
import "./page.css";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { StrictMode, useMemo, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { Bar } from "./bar";
import { ExamplesPanel } from "./examples";
import { MapPanel } from "./map";
import { PlanPanel } from "./plan";
import { ResultsPanel } from "./results";
import { RightsPanel } from "./rights";
import { config, keptToken, now, readAs, run, set, t, useSession } from "./session";
import { finishSignIn } from "./signin";

function icon(...paths: string[]) {
  return function Icon(): ReactNode {
    return (
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        {paths.map((d) => (
          <path key={d} d={d} />
        ))}
      </svg>
    );
  };
}

const RightsIcon = icon("M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z", "M12 9a3 3 0 1 0 .01 0z");
const PlanIcon = icon("M4 4h6v5H4z", "M14 15h6v5h-6z", "M7 9v4a3 3 0 0 0 3 3h4");
const ExamplesIcon = icon("M4 5h16v5H4z", "M4 14h7v5H4z", "M15 14h5v5h-5z");
const ResultsIcon = icon("M4 5h16v14H4z", "M4 10h16", "M4 15h16", "M10 10v9");
const MapIcon = icon("M6 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4z", "M18 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4z", "M8 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4z", "M8 7l8 4", "M16 13l-7 4");

// What is asked stays in this tab: there are numbers of persons in queries and variables.
const STORED = "hub:graphiql:";
const storage = {
  getItem: (key: string) => sessionStorage.getItem(STORED + key),
  setItem: (key: string, value: string) => sessionStorage.setItem(STORED + key, value),
  removeItem: (key: string) => sessionStorage.removeItem(STORED + key),
  get length() {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(STORED)).length;
  },
  clear: () => {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(STORED)) sessionStorage.removeItem(key);
  },
};

// Tables, plans and maps want room; who moves the border is obeyed.
if (storage.getItem("graphiql:docExplorerFlex") === null) storage.setItem("graphiql:docExplorerFlex", "0.6");

function welcome(): string {
  return t(
    "# Chọn một ví dụ ở cột bên trái, hoặc viết truy vấn ở đây (Ctrl-Enter để chạy).\n\n{\n  __typename\n}\n",
    "# Choose an example on the left, or write a query here (Ctrl-Enter runs it).\n\n{\n  __typename\n}\n",
  );
}

function Page() {
  const { session, schema, language } = useSession();
  const plugins = useMemo(
    () => [
      { title: t("Ví dụ", "Examples"), icon: ExamplesIcon, content: ExamplesPanel },
      { title: t("Tôi được xem gì", "What may I see"), icon: RightsIcon, content: RightsPanel },
      { title: t("Kế hoạch", "Plan"), icon: PlanIcon, content: PlanPanel },
      { title: t("Kết quả dạng bảng", "Results as a table"), icon: ResultsIcon, content: ResultsPanel },
      { title: t("Bản đồ đồ thị", "Map of the graph"), icon: MapIcon, content: MapPanel },
      HISTORY_PLUGIN,
    ],
    [language],
  );
  return (
    <>
      <Bar />
      <main className="hub-main">
        <GraphiQL
          key={`${session} ${language}`}
          fetcher={(request) => run(request) as never}
          schema={schema}
          plugins={plugins}
          storage={storage}
          defaultQuery={welcome()}
          visiblePlugin={plugins[0]}
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo>
            <span className="hub-soft">GraphiQL</span>
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}

async function begin() {
  set({});
  try {
    const token = config.signIn ? await finishSignIn() : null;
    const kept = token ?? keptToken();
    if (kept) await readAs(kept, now().viewer);
  } catch (error) {
    set({ problem: error instanceof Error ? error.message : String(error) });
  }
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
void begin();
