"""Customer tables: can we trust the input? Read where they are, refused rows kept with a reason."""
