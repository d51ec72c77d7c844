"""A metric of units from their exposure on, beside SQL written by hand."""

import math
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from upshot.core.time import DayRange
from upshot.engines.duckdb import DuckDBStore
