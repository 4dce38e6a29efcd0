"""What the steps of a flow have used, and what they should ask for: `penstock show FLOW --resources` from Python.

from penstock.client.resources import resources
"""

from __future__ import annotations

from penstock.reading.reader import JournalReader
from penstock.reading.resource_structs import ResourcesInfo
from penstock.reading.resource_use import resources_of


def resources(of: str = "") -> ResourcesInfo:
    """What the steps of a flow of the current folder's project have used, and what they should ask for. Reads only.

    `of`: a flow, "digits" (all its runs), a run, "digits/3", or a step of a run, "digits/3/train"; "": the flow of the
    latest run. Of each step the latest 10,000 attempts are looked at. Raises NotFoundError, and UsageError for a task.
    """
    return resources_of(JournalReader.find(), of)
