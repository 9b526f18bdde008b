"""Destroyed keys are gone and all others as they were: for any paths, in any order, at once, broken off anywhere."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.crypto.key_tree import Close, Family, Step, Strike, Write, family_of, key_at, steps

ROOT = bytes(32)
PATHS = st.text(alphabet="012f", min_size=1, max_size=4)
LONG = st.text(alphabet="012f", min_size=6, max_size=6)


class Store:
    """Does the steps as the database does."""

    def __init__(self) -> None:
        self.families: dict[str, Family | None] = {"": family_of(ROOT)}

    def do(self, step: Step) -> None:
        match step:
            case Write(node, family):
                self.families.setdefault(node, dict(family))
            case Close(node):
                for below in [family for family in self.families if family.startswith(node)]:
                    del self.families[below]
                self.families[node] = None
            case Strike(node, digit):
                (self.families.get(node) or {}).pop(digit, None)

    def destroy(self, path: str) -> None:
        for step in steps(self.families, path):
            self.do(step)


def derived(path: str) -> bytes:
    """By the definition, from the root."""
    key = ROOT
    for digit in path:
        key = family_of(key)[digit]
    return key


@given(st.lists(PATHS, max_size=12), st.lists(LONG, min_size=1, max_size=20))
def test_what_is_destroyed_is_gone_and_everything_else_is_as_it_was(destroyed: list[str], others: list[str]) -> None:
    store = Store()
    for path in destroyed:
        store.destroy(path)
    for path in [*others, *(path + "0" * (6 - len(path)) for path in destroyed)]:
        gone = any(path.startswith(gone_path) for gone_path in destroyed)
        assert key_at(store.families, path) == (None if gone else derived(path))


@given(st.lists(PATHS, min_size=1, max_size=8))
def test_nothing_that_is_stored_leads_to_a_destroyed_key(destroyed: list[str]) -> None:
    store = Store()
    for path in destroyed:
        store.destroy(path)
    kept = [node + digit for node, family in store.families.items() for digit in family or {}]
    for path in destroyed:
        assert not any(path.startswith(node) or node.startswith(path) for node in kept)


@given(st.lists(PATHS, min_size=1, max_size=6), st.data())
def test_broken_off_anywhere_and_begun_again_it_ends_the_same(destroyed: list[str], data: st.DataObject) -> None:
    whole, broken = Store(), Store()
    for path in destroyed:
        whole.destroy(path)
        planned = list(steps(broken.families, path))
        for step in planned[: data.draw(st.integers(0, len(planned)))]:
            broken.do(step)
        broken.destroy(path)
    assert broken.families == whole.families


@given(st.permutations(["00", "01", "0", "1f", "12f0"]))
def test_several_at_once_end_the_same(paths: list[str]) -> None:
    """Each plans on what it saw; the steps of all are mixed; then each looks again."""
    store = Store()
    plans = [list(steps({node: dict(family or {}) for node, family in store.families.items()}, path)) for path in paths]
    while any(plans):
        for plan in plans:
            if plan:
                store.do(plan.pop(0))
    for path in paths:
        store.destroy(path)
    for path in paths:
        assert key_at(store.families, path) is None
    assert key_at(store.families, "2000") == derived("2000")
    assert key_at(store.families, "12f1") == derived("12f1")


def test_what_is_no_path_has_no_key() -> None:
    store = Store()
    assert [key_at(store.families, path) for path in ("", "0g", "g0", "0 ", "0A", "0é")] == [None] * 6
