"""What an installation would change."""

from airut.operations.service.plan import Plan, is_ours, plan

OLD, NEW = "[Service]\nRestart=no\n", "[Service]\nRestart=always\n"


def test_a_first_installation_shows_nothing() -> None:
    assert plan({"airut.service": NEW}, {}) == Plan(write={"airut.service": NEW}, remove=(), diff="")


def test_the_same_again_changes_nothing() -> None:
    again = plan({"airut.service": NEW}, {"airut.service": NEW})
    assert again == Plan(write={}, remove=(), diff="")
    assert again.is_empty


def test_what_was_changed_is_shown() -> None:
    planned = plan({"airut.service": NEW}, {"airut.service": OLD})
    assert planned == Plan(
        write={"airut.service": NEW},
        remove=(),
        diff="--- airut.service\n+++ airut.service\n@@ -1,2 +1,2 @@\n [Service]\n-Restart=no\n+Restart=always",
    )


def test_units_of_the_other_way_go() -> None:
    planned = plan({"airut.target": NEW}, {"airut.service": OLD})
    assert (planned.write, planned.remove) == ({"airut.target": NEW}, ("airut.service",))
    assert planned.diff.startswith("--- airut.service\n+++ (removed)\n")


def test_names_of_ours() -> None:
    names = (
        "airut.service",
        "airut-host.service",
        "airut.target",
        "airut.service.d",
        "airuts.service",
        "other.service",
    )
    assert [is_ours(name) for name in names] == [True, True, True, False, False, False]
