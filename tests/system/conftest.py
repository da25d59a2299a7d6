"""Who takes part in most tests: a company and two strangers, new for each file."""

import pytest


@pytest.fixture(scope="module")
def owner(stack):
    """(company id, its owner)"""
    return stack.company()


@pytest.fixture(scope="module")
def staff(owner):
    """The owner alone."""
    return owner[1]


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


@pytest.fixture(scope="module")
def other(stack):
    return stack.user()
