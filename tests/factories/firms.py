"""Firms with records, as providers would have pushed them; codes are made, and of no real firm."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from creditshare.core.clock import day_of, utcnow
from creditshare.firms.identifiers import organisation_code_check_char, uscc_check_char
from creditshare.firms.models import SubjectForm
from creditshare.firms.subjects import SubjectKey
from creditshare.participants.roles import Role
from creditshare.scoring.refresh import refresh_firms
from creditshare.scoring.rulebook import rulebook_for
from tests.factories.frames import CONFIG
from tests.factories.participants import ParticipantFactory
from tests.factories.records import KEYRING, push

NUMBERS = itertools.count(1)


def made_uscc(number: int | None = None) -> str:
    """Make a code of the private range PDY00001 to PDY99999."""
    base = f"PDY{next(NUMBERS) if number is None else number:05d}"
    body = "91330100" + base + organisation_code_check_char(base)
    return body + uscc_check_char(body)


def firm_id_of(uscc: str) -> UUID:
    """Return the id of the firm with this code."""
    return SubjectKey(SubjectForm.USCC, uscc).id(KEYRING)


def months_until(day: date, count: int) -> list[date]:
    """Return the first days of the last `count` complete months."""
    index = day.year * 12 + day.month - 1
    return [date((index - n) // 12, (index - n) % 12 + 1, 1) for n in range(count, 0, -1)]


def filings(uscc: str, months: list[date], **others: Any) -> list[dict[str, Any]]:
    """Make a VAT return for each month."""
    return [
        {
            "uscc": uscc,
            "tax_type": "增值税",
            "period_start": str(month),
            "period_end": str((month + timedelta(days=31)).replace(day=1) - timedelta(days=1)),
            "tax_due": "1000.00",
            "tax_paid": "1000.00",
            **others,
        }
        for month in months
    ]


def push_firm(session: Session, uscc: str, *, months: int = 14) -> None:
    """Push a registration, VAT returns, social insurance and power bills of one firm."""
    providers = {
        code: ParticipantFactory(code=f"{code}-{next(NUMBERS)}", role=Role.PROVIDER)
        for code in ("amr", "tax", "hrss", "grid")
    }
    periods = months_until(day_of(utcnow()), months)
    push(
        session,
        "registration",
        [
            {
                "uscc": uscc,
                "firm_name": "杭州某某纸品有限公司",
                "legal_representative": "张三",
                "registered_capital": "1000000.00",
                "established_on": "2015-03-01",
                "status": "active",
                "industry": "C22",
                "region": "330100",
            }
        ],
        participant=providers["amr"],
    )
    push(session, "tax-filing", filings(uscc, periods), participant=providers["tax"])
    push(
        session,
        "social-insurance",
        [
            {
                "uscc": uscc,
                "month": str(m)[:7],
                "insurance": "all",
                "insured": 12,
                "due": "900",
                "paid": "900",
            }
            for m in periods
        ],
        participant=providers["hrss"],
    )
    account = {"service": "electricity", "account_no": f"A{uscc}"}
    push(session, "utility-account", [{"uscc": uscc, **account}], participant=providers["grid"])
    push(
        session,
        "utility-bill",
        [{**account, "month": str(m)[:7], "quantity": "1200.5", "amount": "800.10"} for m in periods],
        participant=providers["grid"],
    )
    session.flush()


def refreshed(session: Session, *usccs: str) -> None:
    """Make profiles and scores of these firms, as the worker would."""
    now = utcnow()
    rulebook = rulebook_for(CONFIG, day_of(now))
    firm_ids = [firm_id_of(uscc) for uscc in usccs]
    refresh_firms(session, firm_ids, rulebook=rulebook, keyring=KEYRING, now=now)
