"""The profile of each firm as it stands: one row, overwritten, its sections ready to be served."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from creditshare.core.database import Base


class ProfileSnapshot(Base):
    """What refresh made of a firm's records last; history is made anew from versions, never read from here.

    Sections lie one behind the other in the order of `ResourceGroup`, and `ends` says where each ends, so that a read
    joins those permitted without parsing. What is shown holds from `as_of` until the day before `changes_on`.
    """

    __tablename__ = "profile_snapshots"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    sections: Mapped[bytes]
    ends: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    public_sections: Mapped[bytes]
    public_ends: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    coverage: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    as_of: Mapped[date]
    data_as_of: Mapped[date]
    changes_on: Mapped[date] = mapped_column(index=True)
    known_at: Mapped[datetime]
