"""The benchmark behind `make bench`, and the quality figures behind `make figures`."""

import os

from creditshare.processes import ONE_THREAD

os.environ |= ONE_THREAD  # as the platform's own processes run; Polars reads it when it is first imported
