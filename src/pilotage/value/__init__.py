"""Value: what is it worth? Money a month, and the monthly ruling, as pure functions."""
