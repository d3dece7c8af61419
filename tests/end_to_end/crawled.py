"""One real crawl at a fake moment: `python -m tests.end_to_end.crawled FOLDER DATABASE MOMENT`. A reactor starts once a process."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from monitor.config import load_config
from monitor.crawl import CrawlOrder, crawl_sources
from monitor.matching import Matcher
from storage.store import Store
from tests.patience import LONG_S


def main() -> None:
    """Ask all sources of the folder's configuration."""
    folder, database, moment = sys.argv[1:]
    config = load_config(Path(folder) / "monitor.toml", {}, Path(folder))
    watchlist = config.watchlist()
    now = datetime.fromisoformat(moment)
    order = CrawlOrder(sources=tuple(config.sources(watchlist)), deadline_s=LONG_S)
    with Store.open(database) as store:
        report = crawl_sources(order, config, store, Matcher(watchlist), clock=lambda: now, progress=lambda done, of, doing: None)
    print(report.as_dict())
    sys.exit(report.exit_code)


if __name__ == "__main__":
    main()
