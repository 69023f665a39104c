// Results for people: any list of the answer as a table that can be sorted and saved, and drawn where it counts something.
import { useMemo, useState } from "react";
import { csv, type Cell, type Row } from "./csv";
import { t, useSession, type Json } from "./session";

interface List {
  path: string;
  rows: Row[];
  columns: string[];
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every list of objects in the answer, and every object that counts by its keys; the longest first. */
export function lists(data: Json | undefined): List[] {
  const found: Map<string, Row[]> = new Map();
  function walk(value: Json, path: string): void {
    if (Array.isArray(value)) {
      if (value.some(isObject)) {
        const rows = value.filter(isObject).map((one) => flat(one, ""));
        found.set(path, [...(found.get(path) ?? []), ...rows]);
      }
      for (const one of value) walk(one, path);
    } else if (isObject(value)) {
      const counts = Object.entries(value).filter(([, one]) => isObject(one) && typeof one.totalCount === "number");
      if (counts.length > 1) {
        const rows = counts.map(([key, one]) => ({ [t("mục", "what")]: key, totalCount: (one as { totalCount: number }).totalCount }));
        found.set(path ? `${path} #` : "#", rows);
      }
      for (const [key, one] of Object.entries(value)) walk(one, path ? `${path}.${key}` : key);
    }
  }
  if (data) walk(data, "");
  return [...found]
    .map(([path, rows]) => ({ path, rows, columns: [...new Set(rows.flatMap((row) => Object.keys(row)))] }))
    .filter((one) => one.columns.length > 0)
    .sort((one, other) => other.rows.length - one.rows.length);
}

function flat(value: { [key: string]: Json }, before: string): Row {
  const row: Row = {};
  for (const [key, one] of Object.entries(value)) {
    if (isObject(one)) Object.assign(row, flat(one, `${before}${key}.`));
    else if (Array.isArray(one)) {
      if (!one.some(isObject)) row[before + key] = one.join(", ");
    } else row[before + key] = one;
  }
  return row;
}

function compare(one: Cell | undefined, other: Cell | undefined): number {
  if (one === other) return 0;
  if (one === null || one === undefined) return 1;
  if (other === null || other === undefined) return -1;
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "vi", { numeric: true });
}

export function ResultsPanel() {
  const { answer } = useSession();
  const found = useMemo(() => lists(answer?.data), [answer]);
  const [chosen, setChosen] = useState("");
  const list = found.find((one) => one.path === chosen) ?? found[0];
  return (
    <section className="hub-panel" aria-labelledby="hub-results">
      <h2 id="hub-results">{t("Kết quả dạng bảng", "Results as a table")}</h2>
      {!list && <p>{t("Chạy một truy vấn trả về danh sách.", "Run a query that answers with a list.")}</p>}
      {found.length > 1 && (
        <label className="hub-label">
          <span>{t("Danh sách", "List")}</span>
          <select value={list.path} onChange={(event) => setChosen(event.target.value)}>
            {found.map((one) => (
              <option key={one.path} value={one.path}>
                {one.path} ({one.rows.length})
              </option>
            ))}
          </select>
        </label>
      )}
      {list && <Table key={list.path} list={list} />}
    </section>
  );
}

const MOST = 500;

function Table({ list }: { list: List }) {
  const [order, setOrder] = useState<{ column: string; down: boolean } | null>(null);
  const rows = useMemo(() => {
    if (!order) return list.rows;
    const sorted = [...list.rows].sort((one, other) => compare(one[order.column], other[order.column]));
    return order.down ? sorted.reverse() : sorted;
  }, [list, order]);
  function save() {
    const address = URL.createObjectURL(new Blob([csv(list.columns, rows)], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${list.path.replaceAll(/[^\w.]+/g, "") || "counts"}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
  return (
    <>
      <Chart list={list} />
      <p className="hub-row">
        <button className="hub-button hub-primary" onClick={save}>
          {t("Lưu CSV", "Save as CSV")}
        </button>
        <span className="hub-soft">
          {rows.length} {t("dòng", "rows")}
          {rows.length > MOST && t(`, ${MOST} dòng đầu bên dưới`, `, the first ${MOST} below`)}
        </span>
      </p>
      <div className="hub-scroll" tabIndex={0} role="region" aria-label={list.path}>
        <table className="hub-table">
          <thead>
            <tr>
              {list.columns.map((column) => {
                const sorted = order?.column === column ? (order.down ? "descending" : "ascending") : "none";
                return (
                  <th key={column} scope="col" aria-sort={sorted}>
                    <button onClick={() => setOrder({ column, down: sorted === "ascending" })}>
                      {column} <span aria-hidden="true">{sorted === "none" ? "" : order!.down ? "▼" : "▲"}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((row, index) => (
              <tr key={index}>
                {list.columns.map((column) => (
                  <td key={column} className={typeof row[column] === "number" ? "hub-number" : ""}>
                    {row[column] === null || row[column] === undefined ? <span className="hub-soft">–</span> : typeof row[column] === "number" ? (row[column] as number).toLocaleString("vi") : String(row[column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

// Charts -------------------------------------------------------------------------------------------------------------

interface Bars {
  title: string;
  kind: "time" | "count";
  bars: { name: string; value: number }[];
}

const MONTH = /^\d{4}(-\d{2}){0,2}$/;

/** What of a list can be drawn: numbers over months, and how often each code is there. */
export function charts(list: List): Bars[] {
  const found: Bars[] = [];
  const values = (column: string) => list.rows.map((row) => row[column]).filter((one) => one !== null && one !== undefined);
  const isNumber = (column: string) => values(column).length > 0 && values(column).every((one) => typeof one === "number");
  const isTime = (column: string) => values(column).length > 1 && values(column).every((one) => typeof one === "string" && MONTH.test(one));
  const numbers = list.columns.filter(isNumber);
  const times = list.columns.filter(isTime);
  if (list.columns.includes("totalCount") && list.columns.length === 2) {
    const [name] = list.columns;
    return [{ title: "totalCount", kind: "count", bars: list.rows.map((row) => ({ name: String(row[name]), value: Number(row.totalCount) })) }];
  }
  for (const time of times) {
    for (const number of numbers) {
      const at = new Map<string, number[]>();
      for (const row of list.rows) {
        const value = row[number];
        if (typeof value === "number" && row[time]) at.set(String(row[time]), [...(at.get(String(row[time])) ?? []), value]);
      }
      if (at.size > 1) {
        // Rows of several people may share a month: then the mean of them, because how many there are changes.
        const bars = [...at]
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, values]) => ({ name, value: values.reduce((one, other) => one + other) / values.length }));
        const several = at.size < list.rows.length;
        found.push({ title: `${number} / ${time}${several ? t(" (trung bình)", " (mean)") : ""}`, kind: "time", bars });
      }
    }
  }
  for (const column of list.columns) {
    const counts = new Map<string, number>();
    for (const one of values(column)) if (typeof one === "string") counts.set(one, (counts.get(one) ?? 0) + 1);
    if (counts.size > 1 && counts.size <= 30 && counts.size < values(column).length) {
      const bars = [...counts].sort((one, other) => other[1] - one[1]).map(([name, value]) => ({ name, value }));
      found.push({ title: `${t("số dòng theo", "rows by")} ${column}`, kind: "count", bars });
    }
  }
  return found;
}

function Chart({ list }: { list: List }) {
  const found = useMemo(() => charts(list), [list]);
  const [chosen, setChosen] = useState("");
  if (!found.length) return null;
  const chart = found.find((one) => one.title === chosen) ?? found[0];
  return (
    <figure className="hub-chart">
      <figcaption>
        {found.length > 1 ? (
          <label className="hub-label">
            <span>{t("Biểu đồ", "Chart")}</span>
            <select value={chart.title} onChange={(event) => setChosen(event.target.value)}>
              {found.map((one) => (
                <option key={one.title}>{one.title}</option>
              ))}
            </select>
          </label>
        ) : (
          chart.title
        )}
      </figcaption>
      {chart.kind === "time" ? <Line chart={chart} /> : <Rows chart={chart} />}
    </figure>
  );
}

/** A year, month or day as months. */
function moment(name: string): number {
  const [year, month, day] = name.split("-").map(Number);
  return year * 12 + (month ?? 1) - 1 + ((day ?? 1) - 1) / 31;
}

/** The places whose names have room beside each other. */
function labelled(places: number[]): Set<number> {
  const found = new Set<number>();
  let last = -Infinity;
  places.forEach((place, index) => {
    if (place - last < 72) return;
    found.add(index);
    last = place;
  });
  return found;
}

function Line({ chart }: { chart: Bars }) {
  const [width, height, left, below] = [480, 200, 84, 26];
  const top = Math.max(...chart.bars.map((one) => one.value), 1);
  const low = Math.min(...chart.bars.map((one) => one.value), 0);
  const times = chart.bars.map((one) => moment(one.name));
  const [from, until] = [times[0], times[times.length - 1]];
  const x = (index: number) => left + ((times[index] - from) * (width - left - 12)) / Math.max(1e-9, until - from);
  const y = (value: number) => 12 + ((top - value) * (height - below - 12)) / (top - low);
  const points = chart.bars.map((one, index) => `${x(index).toFixed(1)},${y(one.value).toFixed(1)}`).join(" ");
  const marks = labelled(chart.bars.map((_, index) => x(index)));
  const said = chart.bars.map((one) => `${one.name}: ${Math.round(one.value)}`).join("; ");
  return (
    <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${chart.title}. ${said}`}>
      {[low, (low + top) / 2, top].map((one) => (
        <g key={one}>
          <path className="hub-grid" d={`M${left} ${y(one)}H${width - 8}`} />
          <text x={left - 6} y={y(one) + 4} textAnchor="end">{Math.round(one).toLocaleString("vi")}</text>
        </g>
      ))}
      <polyline className="hub-line" points={points} />
      {chart.bars.map((one, index) => (
        <g key={one.name}>
          <circle className="hub-dot" cx={x(index)} cy={y(one.value)} r="2.5">
            <title>{`${one.name}: ${Math.round(one.value).toLocaleString("vi")}`}</title>
          </circle>
          {marks.has(index) && <text x={x(index)} y={height - 6} textAnchor={index === 0 ? "start" : x(index) > width - 40 ? "end" : "middle"}>{one.name}</text>}
        </g>
      ))}
    </svg>
  );
}

function Rows({ chart }: { chart: Bars }) {
  const [width, line, left] = [480, 26, 180];
  const top = Math.max(...chart.bars.map((one) => one.value), 1);
  const said = chart.bars.map((one) => `${one.name}: ${one.value}`).join("; ");
  return (
    <svg viewBox={`0 0 ${width} ${chart.bars.length * line + 4}`} role="img" aria-label={`${chart.title}. ${said}`}>
      {chart.bars.map((one, index) => {
        const length = (one.value * (width - left - 90)) / top;
        const name = one.name.length > 24 ? `${one.name.slice(0, 23)}…` : one.name;
        return (
          <g key={one.name}>
            <title>{`${one.name}: ${one.value}`}</title>
            <text x={left - 8} y={index * line + 18} textAnchor="end">{name}</text>
            <rect className="hub-bar-drawn" x={left} y={index * line + 4} width={Math.max(1, length)} height={line - 8} rx="3" />
            <text x={left + length + 6} y={index * line + 18}>{one.value.toLocaleString("vi")}</text>
          </g>
        );
      })}
    </svg>
  );
}
