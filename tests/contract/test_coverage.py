"""The contract asks every method of the port, so that no store may leave one out."""

import ast
import inspect
from pathlib import Path

import pytest

from server.store import port

HERE = Path(__file__).parent
PROTOCOLS = [
    base
    for base in port.Transaction.__mro__[1:]
    if base.__module__.startswith("server.store.")
]


def methods(protocol):
    """Return the names of the methods that a protocol has of its own."""
    return {
        name
        for name, found in vars(protocol).items()
        if inspect.isfunction(found) and not name.startswith("_")
    }


def asked(path, receiver):
    """Return what the tests of a file ask of that which has this name."""
    return {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == receiver
    }


def asked_by_tests(receiver):
    """Return what any test of the contract asks of that which has this name."""
    return set().union(*(asked(path, receiver) for path in HERE.glob("test_*.py")))


def test_the_protocols_of_the_port_share_no_name():
    names = [name for protocol in PROTOCOLS for name in methods(protocol)]
    assert PROTOCOLS
    assert len(names) == len(set(names))


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.__name__)
def test_every_method_of_a_protocol_is_asked_by_a_test(protocol):
    assert methods(protocol) - asked_by_tests("tx") == set()


def test_the_tests_ask_nothing_of_a_store_that_the_port_does_not_promise():
    promised = set().union(*map(methods, PROTOCOLS))
    assert asked_by_tests("tx") <= promised
    assert asked_by_tests("store") == methods(port.Store)
