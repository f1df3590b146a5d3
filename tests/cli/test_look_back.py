"""`pilotage review --as-of` an earlier day: shown, and said not to be recorded."""

from tests.cli.acme import LEADS, NOW, Acme
from tests.cli.test_status import stop


def test_a_look_back_is_shown_and_leaves_the_verdict_in_force(live: Acme):
    stop(live)
    said = live.types("review", "--as-of", "2026-10-14", "--json")
    assert said.code == 0
    assert said.json["reviews"]
    assert f"{LEADS}: a verdict on 2026-10 as of a later day stands" in said.err
    assert "as of 2026-10-14 is not recorded" in said.err
    assert "stop" in live.types("status").out
    again = live.types("review", "--as-of", NOW)
    assert "not recorded" not in again.err
