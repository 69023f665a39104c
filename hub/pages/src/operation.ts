// The operation in the editor, as it is now.
import { useGraphiQL } from "@graphiql/react";
import { useEffect, useState } from "react";

export interface Current {
  query: string;
  variables: Record<string, unknown> | undefined;
  operationName: string | undefined;
}

export function useEditors() {
  return useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
    operationName: state.operationName,
    actions: state.actions,
  }));
}

export function useOperation(): Current {
  const { queryEditor, variableEditor, operationName } = useEditors();
  const [current, setCurrent] = useState<Current>({ query: "", variables: undefined, operationName });
  useEffect(() => {
    if (!queryEditor) return;
    const read = () => setCurrent({ query: queryEditor.getValue(), variables: variables(variableEditor?.getValue()), operationName });
    read();
    let waiting: ReturnType<typeof setTimeout>;
    const listening = queryEditor.onDidChangeModelContent(() => {
      clearTimeout(waiting);
      waiting = setTimeout(read, 250);
    });
    return () => {
      clearTimeout(waiting);
      listening.dispose();
    };
  }, [queryEditor, variableEditor, operationName]);
  return current;
}

function variables(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(text || "{}");
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
