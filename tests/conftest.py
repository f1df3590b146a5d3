"""What every test may ask for."""

import hypothesis

hypothesis.settings.register_profile(
    "ci",
    derandomize=True,  # the same examples on every machine and day: a red run can be repeated
    deadline=None,  # a busy machine is no failure
    print_blob=True,
)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("ci")
