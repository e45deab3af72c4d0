"""The people: what they look at, what they want, how patient they are."""
