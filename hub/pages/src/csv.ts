// A table -> the text of a CSV file (RFC 4180) that a spreadsheet opens as it stands and takes nothing in it for a formula.

export type Cell = string | number | boolean | null;
export type Row = Record<string, Cell>;

// What spreadsheets begin a formula with, or leave away before one. A number of the graph is no text and stays a number.
const FORMULA = /^[=+\-@\t\r\n|%＝＋－＠]/;

function quoted(value: Cell | undefined): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** The file's text, with a head; the mark at its beginning tells spreadsheets that it is UTF-8. */
export function csv(columns: string[], rows: Row[]): string {
  const lines = [columns.map(quoted), ...rows.map((row) => columns.map((column) => quoted(row[column])))];
  return `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}
