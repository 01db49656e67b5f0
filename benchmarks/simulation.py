"""A day of many teams on paper, driven by measured figures: workers, database, disk, and how long cases wait.

    python -m benchmarks.simulation [--teams 1000] [--cases 10000000] [--model-seconds 3] [--peak 3] ...

Second by second: cases come by chance round the curve of a working day, wait for a place of a worker, keep it while
their model answers, and use the processors of workers and databases. The number of workers is the smallest with which
no minute's cases wait longer than `--patience` seconds, and no processor is busy for more than `--busy` of its time.
What a case costs is what `benchmarks.contest` and `benchmarks.sizes` measured, given as options.
"""

import argparse
import math
import random
import statistics
from dataclasses import dataclass

DAY = 24 * 3600
# Of a busy day: nights are quiet, late mornings and afternoons are not; each hour's share of the busiest one.
CURVE = (2, 1, 1, 1, 2, 5, 15, 40, 75, 95, 100, 95, 80, 85, 95, 90, 75, 50, 30, 20, 12, 8, 5, 3)


@dataclass(frozen=True)
class Cost:
    """Of a case. CPU in seconds, bytes in MB."""

    requests: float
    worker_cpu: float
    database_cpu: float
    wal: float
    kept: float
    transactions: float


@dataclass(frozen=True)
class Day:
    peak: float  # cases a second, in the busiest minute
    mean_wait: float
    longest_wait: float


def arrivals(cases: int, chance: random.Random) -> list[int]:
    """Cases of each second of the day: so many on average, by the curve, and scattered as chance does."""
    scale = cases / sum(CURVE) / 3600
    means = []
    for second in range(DAY):
        hour, share = divmod(second, 3600)
        now, later = CURVE[hour], CURVE[(hour + 1) % 24]
        means.append(scale * (now + (later - now) * share / 3600))
    return [max(0, round(chance.gauss(mean, math.sqrt(mean)))) for mean in means]


def day(came: list[int], rate: float, seconds: float) -> Day:
    """`rate`: cases a second that all places together can take up; `seconds` that one keeps its place."""
    waiting, waits, minutes = 0.0, [], []
    for second, count in enumerate(came):
        waiting = max(0.0, waiting + count - rate)
        waits.append(waiting / rate)
        if second % 60 == 59:
            minutes.append(statistics.fmean(came[second - 59 : second + 1]))
    return Day(max(minutes), statistics.fmean(waits), max(waits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teams", type=int, default=1000)
    parser.add_argument("--cases", type=int, default=10_000_000, help="a day")
    parser.add_argument("--requests", type=float, default=6, help="to the model, for each case")
    parser.add_argument("--model-seconds", type=float, default=3)
    parser.add_argument("--places", type=int, default=200, help="of each worker")
    parser.add_argument("--worker-ms", type=float, default=15.1, help="CPU of the workers for a case of two requests")
    parser.add_argument("--database-ms", type=float, default=7.8, help="CPU of PostgreSQL for the same")
    parser.add_argument("--wal-kb", type=float, default=39.4, help="WAL of the same")
    parser.add_argument("--step-wal-kb", type=float, default=8.4, help="of each further request")
    parser.add_argument("--kept-kb", type=float, default=14.6, help="what the same leaves in tables and indexes")
    parser.add_argument("--transactions", type=float, default=4.23, help="that write, for the same")
    parser.add_argument("--busy", type=float, default=0.6)
    parser.add_argument("--patience", type=float, default=2.0)
    parser.add_argument("--database-cores", type=int, default=32, help="of one PostgreSQL")
    chosen = parser.parse_args()
    more = chosen.requests - 2
    cost = Cost(
        chosen.requests,
        chosen.worker_ms / 1000 * chosen.requests / 2,
        chosen.database_ms / 1000 * chosen.requests / 2,
        (chosen.wal_kb + more * chosen.step_wal_kb) / 1000,
        chosen.kept_kb / 1000 * chosen.requests / 2,
        chosen.transactions + 2 * more,
    )
    came = arrivals(chosen.cases, random.Random(1))
    seconds = cost.requests * chosen.model_seconds
    by_cpu = chosen.busy / cost.worker_cpu
    by_places = chosen.places / seconds
    each = min(by_cpu, by_places)
    workers = math.ceil(max(came) / each / 2)
    while (found := day(came, workers * each, seconds)).longest_wait > chosen.patience:
        workers += max(1, workers // 100)
    cores = found.peak * cost.database_cpu / chosen.busy
    databases = math.ceil(cores / chosen.database_cores)
    wal, kept = chosen.cases * cost.wal / 1e6, chosen.cases * cost.kept / 1e6
    print(f"{chosen.cases:,} cases a day of {chosen.teams:,} teams")
    print(f"{cost.requests:g} requests of {chosen.model_seconds:g} s for each")
    for what, words in {
        "cases a second, on average and in the busiest minute": f"{chosen.cases / DAY:,.0f} and {found.peak:,.0f}",
        "runs that wait for a model then": f"{found.peak * seconds:,.0f}",
        f"workers with {chosen.places} places": f"{workers:,}, bound by {'CPU' if by_cpu < by_places else 'places'}",
        "waiting for a place, mean and longest": f"{found.mean_wait:.2f} s and {found.longest_wait:.2f} s",
        "cores that PostgreSQL needs then": f"{cores:,.0f}: {databases} databases of {chosen.database_cores}",
        "write transactions a second then": f"{found.peak * cost.transactions:,.0f}",
        "WAL then, and in a day": f"{found.peak * cost.wal:,.0f} MB/s, {wal:,.1f} TB",
        "what is kept of a day, and of a month": f"{kept:,.2f} TB, {kept * 30:,.0f} TB",
    }.items():
        print(f"{what:56}{words}")


if __name__ == "__main__":
    main()
