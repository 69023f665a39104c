// The map of the graph: the types this reader knows, coloured by where they come from, and what leads to what.
import { useEffect, useMemo, useState } from "react";
import { hue } from "./plan";
import { t, told, useSession } from "./session";

interface Link {
  field: string;
  to: string;
  many: boolean;
}
interface Place {
  name: string;
  says: string;
  source: string;
  fields: number;
  links: Link[];
}

const [WIDTH, HEIGHT, GAP, ROW] = [164, 32, 56, 40];

export function MapPanel() {
  const { me, session } = useSession();
  const [places, setPlaces] = useState<Place[]>([]);
  const [chosen, setChosen] = useState("Query");
  useEffect(() => {
    setPlaces([]);
    if (!me) return;
    let current = true;
    told<Place[]>("/pages/map").then((found) => current && setPlaces(found), () => undefined);
    return () => {
      current = false;
    };
  }, [me, session]);
  const place = places.find((one) => one.name === chosen) ?? places[0];
  const sources = [...new Set(places.map((one) => one.source))].filter(Boolean).sort();
  return (
    <section className="hub-panel" aria-labelledby="hub-map">
      <h2 id="hub-map">{t("Bản đồ đồ thị", "Map of the graph")}</h2>
      {!me && <p>{t("Hãy đăng nhập trước.", "Sign in first.")}</p>}
      {sources.length > 0 && (
        <ul className="hub-legend" aria-label={t("Nguồn", "Sources")}>
          {sources.map((one) => (
            <li key={one} className={hue(one, sources)}>
              {one}
            </li>
          ))}
        </ul>
      )}
      {place && (
        <>
          <Drawing places={places} chosen={place} sources={sources} choose={setChosen} />
          <section className="hub-card" aria-live="polite">
            <h3>{place.name}</h3>
            <p>{place.says}</p>
            <p className="hub-soft">
              {place.source && `${place.source} · `}
              {place.fields} {t("trường", "fields")}
            </p>
            <h4>{t("Dẫn tới", "Leads to")}</h4>
            <Links links={place.links.map((one) => ({ label: `${one.field}${one.many ? " […]" : ""}`, to: one.to }))} choose={setChosen} />
            <h4>{t("Đến từ", "Led to by")}</h4>
            <Links
              links={places.flatMap((from) => from.links.filter((one) => one.to === place.name).map((one) => ({ label: `${from.name}.${one.field}`, to: from.name })))}
              choose={setChosen}
            />
          </section>
        </>
      )}
    </section>
  );
}

function Links({ links, choose }: { links: { label: string; to: string }[]; choose: (name: string) => void }) {
  if (!links.length) return <p className="hub-soft">–</p>;
  return (
    <ul className="hub-links">
      {links.map((one) => (
        <li key={`${one.label} ${one.to}`}>
          <code>{one.label}</code> → <button onClick={() => choose(one.to)}>{one.to}</button>
        </li>
      ))}
    </ul>
  );
}

/** A column for each number of links away from the query; in a column, who comes from the same source stands together. */
function arranged(places: Place[]): Map<string, { x: number; y: number }> {
  const known = new Map(places.map((one) => [one.name, one]));
  const depth = new Map<string, number>();
  let front = places.length ? [places[0].name] : [];
  for (let step = 0; front.length; step += 1) {
    for (const name of front) depth.set(name, step);
    front = [...new Set(front.flatMap((name) => known.get(name)!.links.map((one) => one.to)))].filter((name) => known.has(name) && !depth.has(name));
  }
  const columns: string[][] = [];
  for (const one of places) (columns[depth.get(one.name) ?? 0] ??= []).push(one.name);
  const found = new Map<string, { x: number; y: number }>();
  columns.forEach((column, at) => {
    column.forEach((name, index) => found.set(name, { x: 8 + at * (WIDTH + GAP), y: 8 + index * ROW }));
  });
  return found;
}

function Drawing({ places, chosen, sources, choose }: { places: Place[]; chosen: Place; sources: string[]; choose: (name: string) => void }) {
  const at = useMemo(() => arranged(places), [places]);
  const width = Math.max(...[...at.values()].map((one) => one.x)) + WIDTH + 8;
  const height = Math.max(...[...at.values()].map((one) => one.y)) + HEIGHT + 8;
  const ways = places.flatMap((from) => [...new Set(from.links.map((one) => one.to))].filter((to) => at.has(to) && to !== from.name).map((to) => ({ from: from.name, to })));
  const near = new Set([chosen.name, ...ways.filter((one) => one.from === chosen.name).map((one) => one.to), ...ways.filter((one) => one.to === chosen.name).map((one) => one.from)]);
  return (
    <div className="hub-scroll hub-map" tabIndex={0} role="region" aria-label={t("Bản đồ đồ thị", "Map of the graph")}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        {[...ways].sort((one, other) => Number(touches(one, chosen)) - Number(touches(other, chosen))).map((way) => {
          const [from, to] = [at.get(way.from)!, at.get(way.to)!];
          const back = to.x <= from.x;
          const [x1, y1, x2, y2] = [from.x + (back ? 0 : WIDTH), from.y + HEIGHT / 2, to.x + (back && to.x < from.x ? WIDTH : 0), to.y + HEIGHT / 2];
          const bend = back ? (to.x < from.x ? -GAP / 2 : -GAP / 2.5) : GAP / 2;
          const end = to.x === from.x ? bend : -bend;
          return <path key={`${way.from} ${way.to}`} className={touches(way, chosen) ? "hub-way hub-near" : "hub-way"} d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 + end} ${y2} ${x2} ${y2}`} />;
        })}
        {places.map((one) => {
          const { x, y } = at.get(one.name)!;
          const classes = ["hub-place", one.source ? hue(one.source, sources) : "hub-hue-none", one.name === chosen.name ? "hub-chosen" : "", near.has(one.name) ? "" : "hub-far"];
          return (
            <g
              key={one.name}
              className={classes.join(" ")}
              role="button"
              tabIndex={0}
              aria-pressed={one.name === chosen.name}
              aria-label={`${one.name}${one.source ? `, ${one.source}` : ""}`}
              onClick={() => choose(one.name)}
              onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose(one.name))}
            >
              <title>{one.says}</title>
              <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx="6" />
              <text x={x + 12} y={y + 21}>{one.name.length > 20 ? `${one.name.slice(0, 19)}…` : one.name}</text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function touches(way: { from: string; to: string }, chosen: Place): boolean {
  return way.from === chosen.name || way.to === chosen.name;
}
