// The editor's workers, each a file of this server.
declare const WORKERS: Record<string, string>;

(globalThis as unknown as { MonacoEnvironment: unknown }).MonacoEnvironment = {
  getWorker: (_: string, label: string) => new Worker(`/pages/${WORKERS[label] ?? WORKERS.editor}`),
};
