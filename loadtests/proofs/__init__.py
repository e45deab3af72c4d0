"""The promises of a tier as scenarios against a running one: start load, disturb, measure, judge."""
