"""Which keys a benchmark measures."""

from benchmarks.keys import chosen_keys

KNOWN = ("present", "absent", "place")


def test_chosen_keys_come_in_the_order_of_the_table() -> None:
    assert chosen_keys("place, present,", KNOWN) == ["present", "place"]


def test_without_a_choice_the_default_is_measured() -> None:
    assert chosen_keys("", KNOWN) == list(KNOWN)
    assert chosen_keys(" ", KNOWN, ["place", "absent"]) == ["absent", "place"]
    assert chosen_keys("present", KNOWN, ["place"]) == ["present"]


def test_an_unknown_key_is_refused() -> None:
    assert chosen_keys("place,plaice", KNOWN) is None
