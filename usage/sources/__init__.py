"""Feeds of token usage: bytes in, frozen records out. Nothing here touches Django or the database."""

from usage.sources.records import BadBatch, CostBasis, EventError, ParsedBatch, TokenCounts, UsageRecord

__all__ = ["BadBatch", "CostBasis", "EventError", "ParsedBatch", "TokenCounts", "UsageRecord"]
