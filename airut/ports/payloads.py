"""Values that are too large for a history, and how long they are kept."""

from datetime import datetime
from typing import Protocol

from airut.models.blob import SweptBlobs


class PayloadUpkeep(Protocol):
    async def sweep(self, now: datetime) -> SweptBlobs:
        """Remove the values that nothing in Temporal has named, and nobody has used, for a month.

        Raises:
            CensusUnavailable: nobody can say what is named; nothing was removed.
        """
        ...
