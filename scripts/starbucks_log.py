"""Write the Starbucks rewards sends as a log for `python -m evals run policy`: who got which offer, and what it earned.

    python scripts/starbucks_log.py FOLDER OUT.parquet

FOLDER holds offers.parquet and sends_waves_*.parquet. reward = completed * (difficulty - reward): what the purchase
that completes an offer must at least be worth, less what the offer gives back. reward_time is its hour, -1 for none.
"""

import sys
from pathlib import Path

import polars as pl


def main(folder: Path, out: Path) -> None:
    """Join the offers to the sends and write the log."""
    offers = pl.read_parquet(folder / "offers.parquet").select("offer_id", "reward", "difficulty")
    sends = pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("sends_waves_*.parquet"))])
    earned = pl.col("completed") * (pl.col("difficulty") - pl.col("reward"))
    log = sends.join(offers, on="offer_id", how="left").select(
        "customer_id",
        time=pl.col("received_hour"),
        action=pl.col("offer_code"),
        completed=pl.col("completed"),
        reward=earned,
        reward_time=pl.when(pl.col("completed") == 1).then(pl.col("completed_hour")).otherwise(-1),
    )
    log.write_parquet(out)
    print(f"{len(log):,} sends -> {out}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("error: python scripts/starbucks_log.py FOLDER OUT.parquet")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
