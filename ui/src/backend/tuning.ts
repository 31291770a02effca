// The search for the best number of connections in the fake: a line of 95 MB/s, 9 MB/s on each connection, and a provider that
// grants 30 connections.
import type { TuneOutcome, TunePoint, TuneUnable } from "../bindings";
import { speedOf } from "./moment";
import type { World } from "./scenarios";

const LINE = 95e6;
const EACH = 9e6;
const GRANTED = 30;
const NUMBERS = [1, 2, 4, 6, 8, 12, 16, 24, 32];
const DEPTHS = [1, 2, 4, 8, 16];

/** What is in the way of a search, if anything is. */
export function inTheWay(world: World, id: string): TuneUnable | null {
  if (world.running === "stopped") return { why: "not_used" };
  if (world.running === "paused") return { why: "paused" };
  if (world.states[id]) return { why: "down", cause: world.states[id]?.said ?? "" };
  if (speedOf(world, Date.now()) > 0) return { why: "downloading" };
  return world.fresh ? { why: "no_articles" } : null;
}

/** The speeds that are measured one after the other, and what comes of it. */
export function measurements(plan: number): { points: TunePoint[]; outcome: TuneOutcome } {
  const points: TunePoint[] = [];
  const most = Math.min(plan, GRANTED);
  const numbers = [...NUMBERS.filter((number) => number < most), most];
  let best = 0;
  for (const connections of numbers) {
    const speed = Math.min(LINE, EACH * connections);
    points.push({ by: "connections", connections, depth: 8, speed });
    if (speed < best * 1.05) break;
    best = Math.max(best, speed);
  }
  const enough = points.find(({ speed }) => speed * 1.05 >= best)?.connections ?? 1;
  for (const depth of DEPTHS) points.push({ by: "depth", connections: enough, depth, speed: Math.round(best * Math.min(1, 0.42 + depth * 0.16)) });
  const refused = plan > GRANTED && enough === GRANTED ? "502 Too many connections" : null;
  return { points, outcome: { is: "tuned", tuned: { connections: enough, pipelining: null, speed: best, refused } } };
}
