"""Breaking a host on purpose: plans from files, and a plan against the one that runs.

What happens here: reading and writing plans, a campaign (one plan in force on one host)
and its report. What does not: what a fault does, which is `supervision.chaos`.

Read `reading` with `tables` (what a file may say), then `campaign`, with `observer` (what it
sees), then `report`. `writing` makes a file of a plan, for a replay.
"""

from rookery.chaos.campaign import CampaignRefused, Campaigns
from rookery.chaos.reading import read_plan
from rookery.chaos.report import Counted, Report
from rookery.chaos.writing import write_plan

__all__ = [
    "CampaignRefused",
    "Campaigns",
    "Counted",
    "Report",
    "read_plan",
    "write_plan",
]
