"""Plain prices, where the model is tested by itself."""

import prices
import pytest
from times import HOUR


def by_hour(terms, span, units, guests, extras, now):
    total = terms.price and int(span.length / HOUR) * units * terms.price
    return terms.price and {"total": total, "currency": "EUR", "lines": [prices.a_line("time", total)]}


def fee(policy, price, start, now):
    """No line is beyond refund."""
    total = price["total"] if price else 0
    return total - prices.rounded(total * prices.step(policy, start, now), 10000)


@pytest.fixture(autouse=True)
def plain_prices(monkeypatch):
    monkeypatch.setattr("prices.price", by_hour)
    monkeypatch.setattr("prices.fee", fee)
    monkeypatch.setattr("prices.no_show_fee", lambda policy, price, start: price["total"] if price else 0)
